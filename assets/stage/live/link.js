/** The link to the run: the live socket, or Streamlit's own messages where it cannot open. */

import { LiveSocket } from "./socket.js";

const KEPT_CLICKS = 8;

export class Link {
  /** @param {{frame: function(Uint8Array), state: function()}} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    this.state = "starting"; // then "open", "reconnecting", "expired" or "compatibility"
  }

  /**
   * Takes what Streamlit passes: a frame, the path of the socket, or that the run has expired.
   * @param {{data: any, setStateValue: Function}} component
   * @param {string} base address of the app, with a slash at its end
   */
  render(component, base) {
    this.component = component;
    const { data } = component;
    if (data instanceof Uint8Array) {
      this.close();
      this.#be("compatibility");
      this.handlers.frame(data);
    } else if (data?.expired) this.#be("expired");
    else if (data?.path) this.#connect(new URL(data.path, base));
  }

  /** Sends a message to the run. */
  send(message) {
    if (!this.socket?.send(message)) this.#click(message);
  }

  /** Says that the browser is ready for the next frame; only the socket waits for that. */
  acknowledge() {
    this.socket?.send({ do: "ack" });
  }

  /** Asks the page for a change that only it can make, by name and with what belongs to it. */
  act(name, more = {}) {
    this.#click({ ...more, name });
  }

  close() {
    this.socket?.close();
    this.socket = null;
  }

  #connect(url) {
    url.protocol = url.protocol.replace("http", "ws");
    if (this.socket?.address === url.href) return;
    this.close();
    this.#be("starting");
    this.socket = new LiveSocket(url.href, {
      frame: this.handlers.frame,
      state: (state) => this.#be(state),
      failed: () => {
        this.#be("compatibility");
        this.component.setStateValue("transport", "tick");
      },
    });
  }

  #click(value) {
    // A trigger that meets another run of the script is lost, a state is not: so the last clicks
    // are kept in one, and the server takes each id once.
    this.lastId = Math.max(Date.now(), (this.lastId ?? 0) + 1);
    this.clicks = [...(this.clicks ?? []).slice(1 - KEPT_CLICKS), { ...value, id: this.lastId }];
    this.component.setStateValue("clicks", this.clicks);
  }

  #be(state) {
    if (state === this.state) return;
    this.state = state;
    this.handlers.state();
  }
}
