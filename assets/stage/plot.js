/**
 * Entry: a Plotly figure that is updated in place, so zoom, camera and hidden traces stay.
 *
 * A trace with `meta.least` is left out where the figure has fewer pixels than that from side to side.
 */

const plots = new WeakMap();
let library;

/**
 * Renders the component; Streamlit calls it at each run of the script and on a change of theme.
 * With `clickable`, a click on a mark sends its trace and place as the trigger "clicked".
 * @param {{parentElement: ParentNode, data: {figure: string, config: object, alt: string,
 *   clickable: boolean, library: string}, setTriggerValue: Function}} component with the path of
 *   plotly.js as its library
 * @param {string} base address of the app, with a slash at its end
 * @returns {function()} the clean-up
 */
export function render(component, base) {
  const place = component.parentElement.querySelector(".plot");
  const plot = plots.get(place) ?? new Plot(place, new URL(component.data.library, base).href);
  plots.set(place, plot);
  plot.send = component.setTriggerValue;
  plot.show(component.data);
  return () => {
    // Streamlit also cleans up superseded renders while the component is still on the page.
    if (!place.isConnected) plot.close();
  };
}

class Plot {
  constructor(place, address) {
    this.place = place;
    this.plotly = load(address);
    this.busy = false;
    this.next = null;
    this.resize = new ResizeObserver(() => this.fit());
    this.resize.observe(place);
  }

  /** Shows the newest figure; those that came while the last one was drawn are left out. */
  async show(data) {
    this.next = data;
    this.latest = data;
    if (this.busy) return;
    this.busy = true;
    const plotly = await this.plotly;
    while (this.next) {
      const { figure, config, alt, clickable } = this.next;
      this.next = null;
      const { data, layout } = JSON.parse(figure);
      this.leasts = data.map(({ meta }) => meta?.least ?? 0);
      this.width = this.place.offsetWidth;
      const traces = data.filter((_, i) => this.leasts[i] <= this.width);
      this.place.setAttribute("aria-label", alt);
      this.place.style.minHeight = `${layout.height}px`;
      await plotly.react(this.place, traces, layout, config);
      if (clickable) this.listen();
    }
    this.busy = false;
  }

  /** Reports clicks from now on. */
  listen() {
    this.place.removeAllListeners("plotly_click");
    this.place.on("plotly_click", ({ points: [point] }) => {
      this.send("clicked", { trace: point.curveNumber, x: point.x, y: point.y });
    });
  }

  async fit() {
    const plotly = await this.plotly;
    if (!this.place.data || !this.place.offsetWidth) return;
    plotly.Plots.resize(this.place);
    const fits = (least) => [least <= this.width, least <= this.place.offsetWidth];
    if (this.leasts.some((least) => fits(least)[0] !== fits(least)[1])) this.show(this.latest);
  }

  async close() {
    this.resize.disconnect();
    plots.delete(this.place);
    (await this.plotly).purge(this.place);
  }
}

function load(address) {
  library ??= new Promise((resolve, reject) => {
    const tag = document.createElement("script");
    tag.src = address;
    tag.addEventListener("load", () => resolve(globalThis.Plotly));
    tag.addEventListener("error", () => reject(new Error("plotly.js could not be loaded")));
    document.head.append(tag);
  });
  return library;
}
