/** Entry: mounts a stage into Streamlit's component and keeps it across Streamlit's renders. */

import { loadStyle } from "./shared/dom.js";
import { Stage } from "./stage.js";

const stages = new WeakMap();

/** All stages of the page; their `stats` count frames and paints. */
globalThis.ebmStages = globalThis.ebmStages ?? new Set();

/**
 * Renders the component; Streamlit calls it at each run of the script and on a change of theme.
 * @param {{parentElement: ParentNode, data: any}} component
 * @param {string} base address of the app, with a slash at its end
 * @returns {function()} the clean-up
 */
export function render(component, base) {
  const root = component.parentElement;
  let stage = stages.get(root);
  if (stage) stage.render(component, base);
  else {
    loadStyle(root, "stage.css", import.meta.url).then(() => {
      const host = root.querySelector(".stage");
      if (!host?.isConnected || stages.has(root)) return;
      stage = new Stage(host);
      stages.set(root, stage);
      globalThis.ebmStages.add(stage);
      stage.render(component, base);
    });
  }
  return () => {
    // Streamlit also cleans up superseded renders while the component is still on the page.
    if (!stage || (root.host ?? root).isConnected) return;
    stage.close();
    stages.delete(root);
    globalThis.ebmStages.delete(stage);
  };
}
