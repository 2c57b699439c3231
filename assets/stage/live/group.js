/**
 * Groups: stages of runs that go in lockstep. The link of their bar brings the frames of all runs in
 * one message, of one update, so that no stage shows another update than its neighbours.
 */

import { legendOf } from "../strips/masses.js";

const groups = new Map(); // by name

/** The group of this name; a name is used for one set of runs only. */
export function groupOf(name) {
  if (!groups.has(name)) groups.set(name, new Group(name));
  return groups.get(name);
}

class Group {
  constructor(name) {
    this.name = name;
    this.stages = new Map(); // stage → place of its run; the bar has none
    this.frames = []; // by place: all that the frames have brought so far, as one
    this.leader = null; // the bar
  }

  /** Takes in a stage; one that comes late is shown what the others show. */
  join(stage, place) {
    if (stage.layout === "bar") this.leader = stage;
    else this.stages.set(stage, place);
    const frame = this.frames[stage.layout === "bar" ? this.#first() : place];
    if (frame) stage.receive(frame);
  }

  /** Forgets a stage that has left the page. */
  leave(stage) {
    this.stages.delete(stage);
    if (this.leader === stage) this.leader = null;
    if (!this.leader && !this.stages.size) groups.delete(this.name);
  }

  /** Shows the frames of all runs at once; null for a run of which there is nothing new. */
  arrive(frames) {
    frames.forEach((frame, place) => {
      if (frame) this.frames[place] = joined(this.frames[place], frame);
    });
    for (const [stage, place] of this.stages) {
      if (frames[place]) stage.receive(frames[place]);
    }
    const first = this.#first();
    if (this.frames[first]) this.leader?.receive(frames[first] ?? this.frames[first]);
    if (this.leader?.theme && this.scenes.length) this.leader.transport.key.show(legendOf(this.scenes, this.leader.theme));
  }

  /** The scenes of the runs side by side, as far as they have one. */
  get scenes() {
    return [...this.stages.keys()].map((stage) => stage.scene).filter((scene) => scene.ready);
  }

  /** The place of the first run that goes on: the bar shows its numbers. */
  #first() {
    return Math.max(0, this.frames.findIndex((frame) => frame && !frame.header.divergence));
  }
}

/** Two frames of a run as one. */
function joined(before, { header, arrays }) {
  return { header: { ...before?.header, ...header }, arrays: { ...before?.arrays, ...arrays } };
}
