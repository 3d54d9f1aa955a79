/**
 * Sends events to Distributary in batches and keeps them through an outage: Node 20 and later, and browsers.
 *
 *     const client = new Client({ endpoint: "https://….execute-api.us-east-1.amazonaws.com", key: "KEY.SECRET" });
 *     client.send({ deviceId: "pump-7", temperature: 21.5 });
 *     await client.close();
 *
 * A batch has one Idempotency-Key and is sent again, unchanged and under that key, until the endpoint has answered for
 * each of its events. Copies of an event that arrive nevertheless have the same `source` and `id`.
 */

const BATCH_EVENTS = 500;
const BATCH_BYTES = 1_000_000;
const EVENT_BYTES = 4_000_000; // the endpoint takes bodies of 4,500,000 bytes
const GZIP_FROM_BYTES = 1_000;
const MOST_DOUBLINGS = 6; // a pause is 64 seconds at most
const ATTEMPT_MS = 35_000;
const CLOSING_BYTES = 60_000; // of the 64 KiB that browsers send for a page that closes
const encoder = new TextEncoder();

/** The event was not taken: so much waits already. Try later, or drop it knowingly. */
export class QueueFull extends Error {}

/** Takes events, and sends them one request at a time. */
export class Client {
  #url; #key; #linger; #most; #onRejected; #fetch; #wait; #storage;
  #open = []; #openBytes = 0; #bytes = 0;
  #batches = []; #running = null; #stop = new AbortController(); #idle = [];

  /** Events that were taken, with those that `storage` kept from an earlier page or process. */
  sent = 0;
  accepted = 0;
  rejected = 0;

  /**
   * @param {object} options
   * @param {string} options.endpoint base URL
   * @param {string} options.key KEY.SECRET; in a page a key that was made with `--browser`
   * @param {string} [options.kind] the CloudEvents type of the events
   * @param {number} [options.linger] milliseconds that an event waits for others
   * @param {number} [options.mostBytes] bytes of JSON that wait at most
   * @param {Storage} [options.storage] keeps batches until they are answered: `localStorage`, or `folder(path)` in Node;
   *   one page or process may use it at a time
   * @param {(event: unknown, refusal: object) => void} [options.onRejected] takes each event that the endpoint refuses
   *   for good, with the refusal: a problem of the whole request, which has a `status`, or the event's own error
   */
  constructor({ endpoint, key, kind = "", linger = 500, mostBytes = 64 * 1024 * 1024, storage = null,
    onRejected = warn, fetch = (...request) => globalThis.fetch(...request), wait = pauseFor }) {
    this.#url = `${endpoint.replace(/\/+$/, "")}/v1/events${kind && `?type=${encodeURIComponent(kind)}`}`;
    this.#key = key;
    this.#linger = linger;
    this.#most = mostBytes;
    this.#onRejected = onRejected;
    this.#fetch = fetch;
    this.#wait = wait;
    this.#storage = storage;
    for (const batch of earlier(storage)) {
      this.#batches.push(batch);
      this.#bytes += batch.size;
      this.sent += batch.count;
    }
    globalThis.addEventListener?.("pagehide", this.#hidden);
    globalThis.document?.addEventListener("visibilitychange", this.#hidden);
    this.#run();
  }

  /** Events that have no answer yet: `sent` = `accepted` + `rejected` + `pending`. */
  get pending() {
    return this.sent - this.accepted - this.rejected;
  }

  /** Takes a JSON value. Throws QueueFull, RangeError (too large), TypeError (no JSON) or Error (closed). */
  send(event) {
    const text = JSON.stringify(event);
    if (text === undefined) throw new TypeError("an event is a JSON value");
    const size = encoder.encode(text).length;
    if (size > EVENT_BYTES) throw new RangeError(`an event has at most ${EVENT_BYTES} bytes of JSON; this one has ${size}`);
    if (this.#stop.signal.aborted) throw new Error("the client is closed");
    if (this.#bytes + size > this.#most) throw new QueueFull(`${this.#bytes} bytes wait, of ${this.#most}`);
    if (this.#openBytes + size > BATCH_BYTES) this.#seal();
    if (this.#open.length === 0) setTimeout(() => this.#seal(), this.#linger);
    this.#open.push(text);
    this.#openBytes += size + 1;
    this.#bytes += size + 1;
    this.sent += 1;
    if (this.#open.length === BATCH_EVENTS) this.#seal();
  }

  /** Resolves to true once every event has its answer, to false if that takes longer than `timeout` milliseconds. */
  flush(timeout = Infinity) {
    this.#seal();
    if (!this.pending) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = timeout === Infinity ? null : setTimeout(() => resolve(false), timeout);
      this.#idle.push(() => { clearTimeout(timer); resolve(true); });
    });
  }

  /** Flushes, then stops; the number of events that are still pending: lost, unless there is a storage. */
  async close(timeout = 10_000) {
    await this.flush(timeout);
    this.#stop.abort();
    globalThis.removeEventListener?.("pagehide", this.#hidden);
    globalThis.document?.removeEventListener("visibilitychange", this.#hidden);
    return this.pending;
  }

  #seal() {
    if (this.#open.length === 0) return;
    const batch = { key: crypto.randomUUID(), body: `[${this.#open.join()}]`, count: this.#open.length, size: this.#openBytes };
    batch.name = `distributary-${String(Date.now()).padStart(15, "0")}-${String(sealed++).padStart(9, "0")}-${batch.key}`;
    this.#open = [];
    this.#openBytes = 0;
    this.#batches.push(batch);
    try {
      this.#storage?.setItem(batch.name, batch.body);
    } catch {
      // It is full: the batch waits in memory.
    }
    this.#run();
  }

  #run() {
    this.#running ??= this.#deliverAll().finally(() => {
      this.#running = null;
      if (this.#batches.length && !this.#stop.signal.aborted) this.#run();
    });
  }

  async #deliverAll() {
    while (this.#batches.length && !this.#stop.signal.aborted) await this.#deliver(this.#batches[0]);
  }

  /** Sends it until it is answered, here or by the closing page's request, or the client stops. */
  async #deliver(batch) {
    for (let attempt = 0; !batch.settled && !this.#stop.signal.aborted; attempt++) {
      const answer = await this.#answer(batch);
      if (answer && !toBeRetried(answer.status)) return this.#settle(batch, answer);
      if (!batch.settled) await this.#wait(pause(answer, attempt), this.#stop.signal);
    }
  }

  /** The endpoint's answer; null if none came. */
  async #answer(batch, closing = false) {
    const headers = { authorization: `Bearer ${this.#key}`, "idempotency-key": batch.key, "content-type": "application/json", prefer: "return=minimal" };
    let body = batch.body;
    try {
      // A page that closes has no time to compress.
      if (!closing && batch.size >= GZIP_FROM_BYTES && globalThis.CompressionStream) {
        body = await gzip(body);
        headers["content-encoding"] = "gzip";
      }
      const limit = closing ? { keepalive: true } : { signal: AbortSignal.timeout(ATTEMPT_MS) };
      const response = await this.#fetch(this.#url, { method: "POST", headers, body, ...limit });
      return { status: response.status, after: response.headers.get("retry-after"), text: await response.text() };
    } catch {
      return null;
    }
  }

  #settle(batch, answer) {
    if (batch.settled) return;
    batch.settled = true;
    const refused = refusals(batch, answer);
    const events = refused.size ? JSON.parse(batch.body) : [];
    for (const [place, refusal] of refused) {
      try {
        this.#onRejected(events[place], refusal);
      } catch (error) {
        console.error("onRejected failed", error);
      }
    }
    this.#batches = this.#batches.filter((other) => other !== batch);
    this.#storage?.removeItem(batch.name);
    this.#bytes -= batch.size;
    this.rejected += refused.size;
    this.accepted += batch.count - refused.size;
    if (!this.pending) this.#idle.splice(0).forEach((resolve) => resolve());
  }

  /** The page may be gone in a moment: all that waits is sent once more, by requests that outlive the page. */
  #hidden = ({ type }) => {
    if (type !== "pagehide" && document.visibilityState !== "hidden") return;
    this.#seal();
    let room = CLOSING_BYTES;
    for (const batch of this.#batches.filter((one) => !one.closing)) {
      if (batch.size > room) continue;
      room -= batch.size;
      batch.closing = true;
      this.#answer(batch, true).then((answer) => {
        batch.closing = false;
        if (answer && !toBeRetried(answer.status)) this.#settle(batch, answer);
      });
    }
  };
}

/** A folder of Node as `storage`: a file for each batch. */
export async function folder(path) {
  const fs = await import("node:fs");
  const { join } = await import("node:path");
  fs.mkdirSync(path, { recursive: true });
  const names = fs.readdirSync(path).filter((name) => name.endsWith(".json")).sort();
  return {
    length: names.length,
    key: (place) => names[place]?.slice(0, -".json".length) ?? null,
    getItem: (name) => fs.readFileSync(join(path, `${name}.json`), "utf8"),
    removeItem: (name) => fs.rmSync(join(path, `${name}.json`), { force: true }),
    setItem(name, text) {
      const part = join(path, `${name}.part`);
      fs.writeFileSync(part, text, { flush: true });
      fs.renameSync(part, join(path, `${name}.json`));
    },
  };
}

let sealed = 0;

/** The batches that a storage kept, in their order. */
function earlier(storage) {
  const names = Array.from({ length: storage?.length ?? 0 }, (_, place) => storage.key(place));
  return names.filter((name) => name?.startsWith("distributary-")).sort().map((name) => {
    const body = storage.getItem(name);
    const key = name.split("-").slice(3).join("-");
    return { name, key, body, count: JSON.parse(body).length, size: encoder.encode(body).length - 1 };
  });
}

/** Resolves after that time, or once the client stops. */
const pauseFor = (milliseconds, stop) => new Promise((resolve) => {
  const timer = setTimeout(resolve, milliseconds);
  stop.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
});

const gzip = (text) => new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();

const toBeRetried = (status) => status === 429 || status >= 500;

/** Milliseconds until the next attempt: at least `Retry-After`, else up to twice as long each time, at random. */
function pause(answer, attempt) {
  const asked = /^\d+$/.test(answer?.after ?? "") ? Number(answer.after) : 0;
  return 1000 * Math.max(asked, Math.random() * 2 ** Math.min(attempt, MOST_DOUBLINGS));
}

/** The refusal of each event that was refused, by its place in the batch: of all, if the request was. */
function refusals(batch, { status, text }) {
  let said = {};
  try {
    said = JSON.parse(text);
  } catch {
    // API Gateway's own answers may be anything.
  }
  const named = (said.events ?? []).filter((one) => one.status === "rejected").map((one) => [one.index, one.error]);
  if (named.length || status === 202) return new Map(named);
  return new Map(Array.from({ length: batch.count }, (_, place) => [place, { status, ...said }]));
}

const warn = (_event, refusal) => console.warn("distributary rejected an event:", refusal);
