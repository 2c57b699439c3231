/** The stage: one mounted component, from frames to painted pictures and from clicks to commands. */

import { Interpolation, PaintTimes } from "./animation.js";
import { arrange, measureTop } from "./arrange.js";
import { linkOfGroup, Timeline } from "./bar/timeline.js";
import { Transport } from "./bar/transport.js";
import { parse, Scene } from "./frame.js";
import { bodyOf, hide, SCREEN } from "./layouts.js";
import { Link } from "./live/link.js";
import { arrive, leave } from "./live/lockstep.js";
import { element } from "./shared/dom.js";
import { readTheme, withColors } from "./shared/theme.js";
import { walkerLines } from "./shared/tooltip.js";
import { legendOf } from "./strips/masses.js";
import { Strips } from "./strips/strips.js";
import { firstLayers, readLayers, writeLayers } from "./words/caption.js";
import { DivergenceCard } from "./words/divergence_card.js";
import { pointAt } from "./words/pointing_hand.js";
import * as speech from "./words/speech.js";

const NARROW = 720; // pixels, as in stage.css: everything below each other, as high as it needs
const remembered = {}; // layers by layout, until the page is reloaded

export class Stage {
  /** @param {HTMLElement} host the element with `data-layout` */
  constructor(host) {
    this.host = host;
    this.layout = host.dataset.layout;
    this.scene = new Scene();
    this.layers = remembered[this.layout] ??= firstLayers();
    this.interpolation = new Interpolation();
    this.dirty = { base: false, top: false, strips: false, board: false };
    this.paintTimes = new PaintTimes();
    this.stats = this.paintTimes.stats;
    this.ratio = undefined; // the screen's pixels per CSS pixel, at most 2
    this.speechTimer = new speech.Timer();
    this.hidden = new Set(); // panels that the page does not show
    this.#build();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(host);
    if (this.parts) this.observer.observe(this.parts.body);
    this.onresize = () => this.resize();
    window.addEventListener("resize", this.onresize);
  }

  /**
   * Takes what Streamlit passes at each of its renders, also on a change of theme.
   * @param {{data: any, setStateValue: Function}} component
   * @param {string} base address of the app, with a slash at its end
   */
  render(component, base) {
    this.page = readTheme(this.host);
    this.theme = withColors(this.page, this.scene.header.colors);
    this.host.classList.toggle("dark", this.page.dark);
    this.group = component.data?.group ?? null;
    this.host.classList.toggle("grouped", this.group !== null);
    this.#take(component.data ?? {});
    if (component.data?.path) pointAt(this.host, component.data.point);
    this.resize();
    this.repaint();
    this.link.render(component, base);
  }

  /** Takes one frame, as `parse` returns it. */
  receive(frame) {
    const { scene, dirty, interpolation } = this;
    const first = !scene.ready;
    const { slow, fixed, moved, jumped } = scene.merge(frame);
    this.stats.frames += 1;
    if (frame.header.colors) this.theme = withColors(this.page, frame.header.colors);
    this.#take(frame.header);
    this.transport.update(scene.header);
    this.timeline?.update(scene.header);
    this.#showState();
    if (scene.ready && this.plane) {
      if (moved || jumped || first) {
        const jump = jumped || first || interpolation.reduced;
        this.plane.update(scene, this.layers, jump);
        interpolation.start(jump);
      }
      this.caption?.explain(scene);
      dirty.top = true;
    }
    if (scene.ready) this.card?.update(scene.header.divergence);
    dirty.base ||= slow || fixed;
    dirty.strips ||= slow;
    dirty.board ||= slow;
    this.owesAck = true;
    this.#schedule();
  }

  /** Paints everything anew. */
  repaint() {
    this.dirty = { base: true, top: true, strips: true, board: true };
    this.#schedule();
  }

  /** Fits everything to its place. */
  resize() {
    this.host.classList.toggle("narrow", this.host.clientWidth <= NARROW);
    if (SCREEN.includes(this.layout)) measureTop(this.host);
    let changed = false;
    const boards = this.board?.arrange(this.parts) ?? false;
    if (this.plane) {
      if (this.layout === "full") arrange(this.parts, this.strips);
      const { clientWidth, clientHeight } = this.parts.place;
      changed = this.plane.resize(clientWidth, clientHeight, this.layout !== "full", this.ratio);
    }
    if (this.strips.resize() || changed || boards) {
      if (changed && this.scene.ready) this.plane.fit(this.scene);
      this.#paint(performance.now(), true);
    }
  }

  /** Ends the stage; called when its element has left the page. */
  close() {
    this.closed = true;
    leave(this);
    cancelAnimationFrame(this.request);
    window.removeEventListener("resize", this.onresize);
    this.observer.disconnect();
    this.timeline?.close();
    this.transport.close();
    this.link.close();
  }

  #build() {
    this.link = new Link({
      frame: (bytes) => arrive(this, parse(bytes)),
      state: () => this.#showState(),
    });
    const send = (message) => {
      this.timeline?.leave(); // a command is for the run as it is now
      this.link.send(message);
    };
    this.transport = new Transport({ send, act: (name) => this.link.act(name) }, this.layout);
    this.strips = new Strips(this.layout);
    this.strips.onpoint = () => {
      this.dirty.strips = true;
      this.#schedule();
    };
    this.spoken = element("div", { class: "spoken", "aria-live": "polite" });
    this.host.append(this.transport.node, this.spoken);
    if (SCREEN.includes(this.layout) || ["bar", "mini"].includes(this.layout)) {
      this.timeline = new Timeline(linkOfGroup(this), { branch: SCREEN.includes(this.layout) });
    }
    if (this.layout !== "bar") {
      this.card = new DivergenceCard(this.link);
      this.#buildBody();
    }
    if (this.timeline) this.host.append(this.timeline.node);
  }

  #buildBody() {
    const paintBoard = () => {
      this.dirty.board = true;
      this.#schedule();
    };
    Object.assign(this, bodyOf(this.layout, this.strips, this.layers, { switched: () => this.#switched(), paintBoard }));
    // The plane of images is too small to hold words.
    if (this.board) this.parts.body.append(this.card.node);
    else this.plane.area.append(this.transport.badges, this.card.node);
    this.host.append(...this.parts.nodes);
    this.plane?.area.addEventListener("pointermove", (event) => this.#point(event));
    this.plane?.area.addEventListener("pointerleave", () => this.#point(null));
  }

  /** Takes what the page says of itself: by the component's data, or in a frame without a socket. */
  #take({ measured, layers, hidden }) {
    if (measured !== undefined) {
      this.scene.measured = measured;
      this.dirty.strips = true;
    }
    if (layers && layers !== this.given) {
      this.given = layers; // as the link says; from then on the words of the caption count
      readLayers(this.layers, layers);
      this.caption?.show();
    }
    this.hidden = hide(this, hidden) ?? this.hidden;
  }

  #switched() {
    this.link.act("layers", { layers: writeLayers(this.layers) });
    if (this.scene.ready) this.plane.walkers.weigh(this.scene, this.layers.weighted);
    this.repaint();
  }

  #point(event) {
    if (!this.scene.ready || !this.plane.view) return;
    this.plane.focus = -1;
    if (event && event.target.tagName === "CANVAS" && this.layers.walkers) {
      this.plane.pick(event.offsetX, event.offsetY);
    }
    this.#schedule();
  }

  #showState() {
    const { header } = this.scene;
    this.transport.say(speech.describeState(header, this.link.state));
    this.transport.warn(speech.describeWarnings(header));
  }

  #schedule() {
    if (!this.request && !this.closed) {
      this.request = requestAnimationFrame((now) => {
        this.request = 0;
        this.#paint(now);
      });
    }
  }

  #paint(now, whole = false) {
    const { scene, plane, dirty, layers, theme } = this;
    if (!this.host.isConnected || !theme) return;
    const start = performance.now();
    if (scene.ready) {
      if (plane) {
        if (dirty.base || whole) plane.paintBase(scene, layers, theme);
        if (dirty.top || whole) plane.paintTop(scene, layers);
        plane.paintWalkers(layers, this.interpolation.share(now));
        this.#showTooltip();
      }
      if (dirty.strips || whole) this.#paintStrips();
      if (this.board && (dirty.board || whole)) this.board.paint(scene, theme);
      this.dirty = { base: false, top: false, strips: false, board: false };
      this.#speak(now);
    }
    if (this.owesAck) {
      this.owesAck = false;
      this.link.acknowledge();
    }
    const moving = Boolean(plane) && !this.interpolation.arrived;
    if (this.paintTimes.note(now, performance.now() - start, moving) && this.ratio !== 1) {
      this.ratio = 1;
      this.resize();
    }
    if (moving) this.#schedule();
  }

  /** The strips share the scale of all runs side by side, whose bar has the key. */
  #paintStrips() {
    const beside = [...globalThis.ebmStages].filter((one) => this.group && one.group === this.group && one.scene.ready);
    const together = beside.filter((one) => one.layout !== "bar").map((one) => one.scene);
    this.strips.paint(this.scene, this.layers, this.theme, together);
    if (together.length && this.layout === "bar") this.transport.key.show(legendOf(together, this.theme));
  }

  #showTooltip() {
    const { plane, tooltip } = this;
    if (plane.focus < 0) tooltip.hide();
    else tooltip.show(walkerLines(plane.facts(this.scene, plane.focus)), plane.place(plane.focus), plane.top.width);
  }

  #speak(now) {
    if (this.speechTimer.due(now)) speech.speak(this);
  }
}
