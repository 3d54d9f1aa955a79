/**
 * Sends events to a Distributary endpoint: in batches, retried under one Idempotency-Key, kept in memory or in a store.
 * One ES module without dependencies, for Node 20 or newer and for browsers.
 *
 *     const client = new Client("https://events.example.com", "KEY.SECRET");
 *     client.send({ deviceId: "pump-7", temperature: 21.5 });
 *     await client.close();
 */

const REQUEST_MS = 40_000; // API Gateway answers within 30 s
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS, LONGEST_RETRY_AFTER_MS] = [1_000, 60_000, 300_000];
const GZIP_FROM_BYTES = 1_000;
const KEEPALIVE_BYTES = 60_000; // browsers allow 64 KiB, for all such requests that are under way together
const BROWSER = "document" in globalThis;
const encoder = new TextEncoder();
const size = (text) => encoder.encode(text).length;

/** The queue has no room for the event. Nothing was taken: send it again later, or drop it. */
export class QueueFull extends Error {
  name = "QueueFull";
}

/** Resolves after so many milliseconds, or when the signal is aborted. */
function pauseFor(milliseconds, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}

/** The answer to one POST. Rejects if no complete answer comes. */
async function post(url, headers, body, keepalive) {
  const signal = AbortSignal.timeout(REQUEST_MS);
  const answer = await fetch(url, { method: "POST", headers, body, keepalive, signal, redirect: "manual" });
  return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
}

async function gzip(text) {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** 128 random bits; `crypto.randomUUID` is missing on pages without TLS. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function documentOf(answer) {
  try {
    const value = JSON.parse(answer.body);
    return value && typeof value === "object" && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

/** The rejected events of a batch as `[index, problem]`; null if the batch must be sent again. */
export function rejections(answer, count) {
  if (!answer || answer.status === 429 || answer.status >= 500) return null;
  const found = documentOf(answer);
  const rows = Array.isArray(found.events) ? found.events.filter((one) => one?.status === "rejected") : [];
  const listed = new Map(rows.map((one) => [one.index, one.error ?? {}]));
  const known = [...listed.keys()].every((index) => Number.isInteger(index) && index >= 0 && index < count);
  const whole = found.accepted + found.rejected === count && found.retry === 0;
  if (whole && known && listed.size === found.rejected) return [...listed].sort(([one], [other]) => one - other);
  if (answer.status < 400) return null; // it does not account for each event, so it is not the endpoint's
  const problem = { status: answer.status, detail: answer.body.slice(0, 500), ...found };
  return Array.from({ length: count }, (_, index) => [index, problem]);
}

/** Milliseconds to wait after so many failures in a row: exponential with full jitter, at least `Retry-After`. */
export function pauseAfter(failures, answer, chance) {
  const backoff = chance * Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
  const asked = /^\d+$/.test(answer?.headers["retry-after"] ?? "") ? answer.headers["retry-after"] * 1000 : 0;
  return Math.max(backoff, Math.min(asked, LONGEST_RETRY_AFTER_MS));
}

/** Node: keeps each batch in a file of a folder, which one process uses at a time. A crash leaves a file whole or none. */
export async function folderStore(folder) {
  const [fs, { join }] = [await import("node:fs"), await import("node:path")];
  fs.mkdirSync(folder, { recursive: true });
  return {
    takeUp(each) {
      for (const name of fs.readdirSync(folder).sort()) if (name.endsWith(".batch")) each(name);
    },
    load: (name) => fs.readFileSync(join(folder, name), "utf8"),
    remove: (name) => fs.rmSync(join(folder, name), { force: true }),
    save(name, text) {
      const unfinished = join(folder, `${name}.unfinished`);
      const file = fs.openSync(unfinished, "w");
      try {
        fs.writeFileSync(file, text);
        fs.fsyncSync(file);
      } finally {
        fs.closeSync(file);
      }
      fs.renameSync(unfinished, join(folder, name));
    },
  };
}

/** Browser: keeps batches in `localStorage`, at most `maxBytes`. A page takes up another's once that page is gone. */
export async function browserStore({ storage = localStorage, prefix = "distributary", maxBytes = 2_000_000 } = {}) {
  const own = `${prefix}:${newKey()}`;
  // Each page holds a lock while it lives: whoever gets it knows that the page is gone.
  const lock = (name, work) => navigator.locks?.request(name, work) ?? work();
  await new Promise((held) => void lock(own, () => (held(), navigator.locks && new Promise(() => {}))));
  const all = () => Object.keys(storage).filter((name) => name.startsWith(`${prefix}:`)).sort();
  const used = () => all().reduce((sum, name) => sum + 2 * (name.length + storage.getItem(name).length), 0);
  const adopt = (owner, each) => {
    for (const left of all().filter((name) => name.startsWith(`${owner}/`))) {
      const name = left.slice(owner.length + 1);
      storage.setItem(`${own}/${name}`, storage.getItem(left));
      storage.removeItem(left);
      each(name);
    }
  };
  return {
    takeUp(each) {
      const owners = new Set(all().map((name) => name.slice(0, name.indexOf("/"))));
      for (const owner of owners) if (owner !== own) lock(owner, () => adopt(owner, each));
    },
    load: (name) => storage.getItem(`${own}/${name}`),
    remove: (name) => storage.removeItem(`${own}/${name}`),
    save(name, text) {
      if (used() + 2 * text.length > maxBytes) throw new QueueFull(`localStorage would hold over ${maxBytes} bytes`);
      storage.setItem(`${own}/${name}`, text);
    },
  };
}

/** A queue in front of `POST /v1/events`. */
export class Client {
  #options;
  #endpoint;
  #url;
  #contentType;
  #headers;
  #open = []; // [text, bytes] of each event that is in no batch yet
  #openBytes = 0;
  #batches = [];
  #counts = { sent: 0, accepted: 0, rejected: 0, pending: 0 };
  #bytes = 0;
  #stored = 0;
  #failures = 0;
  #notBefore = 0;
  #closed = false;
  #stop = new AbortController();
  #timer = null;
  #running = null;

  /** `key` is `ID.SECRET`; times in `options` are milliseconds. `store` is what `folderStore` or `browserStore` gives. */
  constructor(endpoint, key = "", options = {}) {
    if (!/^https?:\/\//.test(endpoint)) throw new TypeError(`endpoint ${endpoint} must begin with https:// or http://`);
    const { eventType = "", cloudEvents = false, ...rest } = options;
    this.#options = {
      onRejected: (event, problem) => console.error("An event was rejected:", problem),
      ...{ store: null, maxEvents: 100_000, maxBytes: 64_000_000, batchEvents: 500, batchBytes: 1_000_000, linger: 1_000 },
      ...{ transport: post, clock: () => performance.now(), sleep: pauseFor, random: Math.random, ...rest },
    };
    this.#endpoint = `${endpoint.replace(/\/+$/, "")}/v1/events`;
    this.#url = this.#endpoint + (eventType ? `?type=${encodeURIComponent(eventType)}` : "");
    this.#contentType = cloudEvents ? "application/cloudevents-batch+json" : "application/json";
    this.#headers = key ? { authorization: `Bearer ${key}` } : {};
    this.#options.store?.takeUp((name) => this.#takeUp(name));
    if (BROWSER) {
      addEventListener("pagehide", this.#leaving);
      document.addEventListener("visibilitychange", this.#leaving);
    }
  }

  /** Numbers of events: `sent` is always the sum of the others. Events found in the store at the start count as sent. */
  get counts() {
    return { ...this.#counts };
  }

  /** Queues an event, a JSON value, and returns at once. Throws QueueFull if there is no room. */
  send(event) {
    if (this.#closed) throw new Error("the client is closed");
    const text = JSON.stringify(event);
    if (text === undefined) throw new TypeError("the event is not JSON");
    const bytes = size(text) + 1;
    const { maxEvents, maxBytes, batchEvents, batchBytes, linger } = this.#options;
    if (this.#counts.pending >= maxEvents || this.#bytes + bytes > maxBytes) {
      throw new QueueFull(`${this.#counts.pending} events (${this.#bytes} bytes) are pending; this has ${bytes}`);
    }
    this.#open.push([text, bytes]);
    this.#openBytes += bytes;
    this.#count({ sent: 1 }, bytes);
    if (this.#open.length >= batchEvents || this.#openBytes >= batchBytes) this.#packAndRun();
    else this.#timer ??= setTimeout(() => this.#packAndRun(), linger);
  }

  /** Sends what is pending; resolves with true if nothing is pending any more, false if the time is over before. */
  async flush(timeout = 30_000) {
    let timer;
    const over = new Promise((resolve) => (timer = setTimeout(resolve, timeout, "over")));
    let state = null;
    while (this.#counts.pending && state !== "over" && !this.#stop.signal.aborted) {
      while (this.#pack());
      state = await Promise.race([this.#run(), over]);
    }
    clearTimeout(timer);
    return !this.#counts.pending;
  }

  /** Flushes, then takes no more events. A store keeps what is pending for the next start. */
  async close(timeout = 30_000) {
    this.#closed = true;
    const done = await this.flush(timeout);
    this.#stop.abort();
    if (BROWSER) {
      removeEventListener("pagehide", this.#leaving);
      document.removeEventListener("visibilitychange", this.#leaving);
    }
    const kept = this.#options.store ? "kept in the store" : "lost: the client has no store";
    if (!done) console.error(`${this.#counts.pending} events were not sent in ${timeout} ms and are ${kept}`);
    return done;
  }

  /**
   * Sends what is not under way by `fetch` with `keepalive`, as far as a browser allows, when a page is hidden or left.
   * `sendBeacon` sets no header, so it has no Idempotency-Key: a retry of its events would have other ids.
   */
  #leaving = (event) => {
    if (document.visibilityState !== "hidden" && event.type !== "pagehide") return;
    while (this.#pack(KEEPALIVE_BYTES));
    let room = KEEPALIVE_BYTES - this.#batches.reduce((sum, one) => sum + (one.keepalive ? size(one.body) : 0), 0);
    for (const batch of this.#batches.filter((one) => !one.underWay)) {
      const waits = batch.name && this.#notBefore > this.#options.clock(); // the store keeps it for the next page
      if (waits || size(batch.body) > room) continue;
      room -= size(batch.body);
      this.#attempt(batch, true);
    }
  };

  #count(changes, bytes) {
    for (const [name, by] of Object.entries(changes)) this.#counts[name] += by;
    const { sent = 0, accepted = 0, rejected = 0 } = changes;
    this.#counts.pending += sent - accepted - rejected;
    this.#bytes += bytes;
  }

  #takeUp(name) {
    if (this.#closed) return;
    try {
      const [head, body] = this.#options.store.load(name).split(/\n(.*)/s);
      const batch = { ...JSON.parse(head), body, name };
      if (!batch.key || JSON.parse(body).length !== batch.count) throw new Error("it is incomplete");
      if (batch.url.split("?")[0] !== this.#endpoint) {
        console.error(`${name} is left there: it is for ${batch.url}`);
        return;
      }
      this.#batches.push(batch);
      this.#count({ sent: batch.count }, size(body) - 1);
      this.#run();
    } catch (error) {
      console.error(`${name} is no batch, and is left there:`, error);
    }
  }

  #packAndRun() {
    while (this.#pack());
    this.#run();
  }

  /** Makes a batch of the first events, in the store if there is one; false if there is no event. */
  #pack(batchBytes = this.#options.batchBytes) {
    clearTimeout(this.#timer);
    this.#timer = null;
    let [count, bytes] = [0, 1];
    while (count < Math.min(this.#open.length, this.#options.batchEvents)) {
      bytes += this.#open[count][1];
      if (count && bytes > batchBytes) break;
      count += 1;
    }
    if (!count) return false;
    const events = this.#open.splice(0, count);
    this.#openBytes -= events.reduce((sum, [, one]) => sum + one, 0);
    const head = { url: this.#url, content_type: this.#contentType, key: newKey(), count };
    const batch = { ...head, body: `[${events.map(([text]) => text).join(",")}]` };
    this.#batches.push(batch);
    this.#store(batch, JSON.stringify(head));
    return true;
  }

  #store(batch, head) {
    if (!this.#options.store) return;
    const name = [String(Date.now()).padStart(15, "0"), String(++this.#stored).padStart(6, "0"), batch.key].join("-");
    try {
      this.#options.store.save(`${name}.batch`, `${head}\n${batch.body}`);
      batch.name = `${name}.batch`;
    } catch (error) {
      console.warn("A batch stays in memory: it cannot be stored:", error);
    }
  }

  #run() {
    return (this.#running ??= this.#deliverAll().finally(() => {
      this.#running = null;
      if (this.#batches.length && !this.#stop.signal.aborted) this.#run();
    }));
  }

  async #deliverAll() {
    while (this.#batches.length && !this.#stop.signal.aborted) {
      const wait = this.#notBefore - this.#options.clock();
      if (wait > 0) await this.#options.sleep(wait, this.#stop.signal);
      const [batch] = this.#batches;
      if (batch && !this.#stop.signal.aborted) await (batch.underWay ?? this.#attempt(batch));
    }
  }

  /** Sends a batch once and notes what became of it. */
  #attempt(batch, leaving = false) {
    batch.underWay = this.#ask(batch, leaving).then((answer) => this.#note(batch, answer));
    return batch.underWay;
  }

  #note(batch, answer) {
    batch.underWay = batch.keepalive = null;
    const rejected = rejections(answer, batch.count);
    if (rejected) {
      [this.#failures, this.#notBefore] = [0, 0];
      this.#settle(batch, rejected);
      return;
    }
    this.#failures += 1;
    this.#notBefore = this.#options.clock() + pauseAfter(this.#failures, answer, this.#options.random());
    if (answer?.status >= 500 && !("type" in documentOf(answer))) {
      // No problem of the endpoint: one batch may be what fails, and others need not wait.
      this.#batches.push(...this.#batches.splice(this.#batches.indexOf(batch), 1));
    }
  }

  async #ask(batch, leaving) {
    let body = batch.body;
    const headers = { ...this.#headers, "content-type": batch.content_type, "idempotency-key": batch.key };
    batch.keepalive = leaving || (BROWSER && !this.#failures && size(body) <= KEEPALIVE_BYTES);
    try {
      if (!leaving && size(body) >= GZIP_FROM_BYTES) {
        const packed = await gzip(body);
        if (packed.length < size(body)) [body, headers["content-encoding"]] = [packed, "gzip"];
      }
      const all = { ...headers, prefer: "return=minimal" };
      return await this.#options.transport(batch.url, all, body, batch.keepalive);
    } catch (error) {
      console.warn(`No answer from ${batch.url}:`, error);
      return null;
    }
  }

  /** Reports rejected events, then forgets the batch: after a crash in between it is sent again, with its key. */
  #settle(batch, rejected) {
    const events = rejected.length ? JSON.parse(batch.body) : [];
    for (const [index, problem] of rejected) {
      try {
        this.#options.onRejected(events[index], problem);
      } catch (error) {
        console.error("onRejected failed:", error);
      }
    }
    try {
      if (batch.name) this.#options.store.remove(batch.name);
    } catch (error) {
      console.error(`${batch.name} was sent, and is sent again at the next start:`, error);
    }
    this.#batches.splice(this.#batches.indexOf(batch), 1);
    this.#count({ accepted: batch.count - rejected.length, rejected: rejected.length }, 1 - size(batch.body));
  }
}
