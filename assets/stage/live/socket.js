/** The live socket: frames in, commands out, one frame in flight, reconnecting with backoff. */

const HEARTBEAT_MS = 4000;
const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 8000;
const TRIES = 3; // failures to open before the fallback
const UNKNOWN_TOKEN = 4404;

export class LiveSocket {
  /**
   * @param {string} address ws:// or wss://
   * @param {{frame: function(Uint8Array), state: function(string), failed: function()}} handlers
   *   `state` gets "open", "reconnecting" or "expired"; `failed` is called when the socket cannot
   *   be opened at all
   */
  constructor(address, handlers) {
    this.address = address;
    this.handlers = handlers;
    this.failures = 0;
    this.works = false; // a frame has come; some proxies open a socket only to close it
    this.closed = false;
    this.heartbeat = setInterval(() => {
      if (!document.hidden) this.send({ do: "alive" });
    }, HEARTBEAT_MS);
    this.#open();
  }

  /** Sends a message; false when the socket is not open. */
  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** Closes for good. */
  close() {
    this.closed = true;
    clearInterval(this.heartbeat);
    clearTimeout(this.retry);
    this.socket?.close();
  }

  #open() {
    const socket = new WebSocket(this.address);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => {
      if (this.failures > 0 || !this.works) this.handlers.state("open");
      this.works = true;
      this.failures = 0;
      this.handlers.frame(new Uint8Array(event.data));
    };
    socket.onclose = (event) => {
      if (!this.closed) this.#retry(event.code);
    };
    this.socket = socket;
  }

  #retry(code) {
    if (code === UNKNOWN_TOKEN) {
      this.close();
      this.handlers.state("expired");
      return;
    }
    this.failures += 1;
    if (!this.works && this.failures >= TRIES) {
      this.close();
      this.handlers.failed();
      return;
    }
    this.handlers.state("reconnecting");
    const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.failures);
    this.retry = setTimeout(() => this.#open(), wait);
  }
}
