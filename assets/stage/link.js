/** The link to the run: the live socket, or Streamlit's own messages where it cannot open. */

import { LiveSocket } from "./socket.js";

export class Link {
  /** @param {{frame: function(Uint8Array), state: function()}} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    this.state = "starting"; // then "open", "reconnecting", "expired" or "compatibility"
  }

  /**
   * Takes what Streamlit passes: a frame, the path of the socket, or that the run has expired.
   * @param {{data: any, setTriggerValue: Function, setStateValue: Function}} component
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
    if (!this.socket?.send(message)) this.#trigger("command", message);
  }

  /** Tells the browser's readiness for the next frame; only the socket waits for it. */
  acknowledge() {
    this.socket?.send({ do: "ack" });
  }

  /** Asks the page for a change of the spec. */
  act(name) {
    this.#trigger("action", { name });
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

  #trigger(name, value) {
    const nonce = `${Date.now()}-${Math.random()}`; // Streamlit may deliver one click twice
    this.component.setTriggerValue(name, { ...value, nonce });
  }

  #be(state) {
    if (state === this.state) return;
    this.state = state;
    this.handlers.state();
  }
}
