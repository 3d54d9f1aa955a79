// Runs the case or the scenario of each line of standard input; prints what came of it, one JSON text a line.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Client, QueueFull, folderStore } from "../../clients/javascript/distributary-client.js";

console.warn = console.error = (...words) => world.logged.push(words.map(String).join(" "));
let world;

/** A transport that answers from a list, and a clock that goes on while a client sleeps. */
function scripted(answers) {
  world = { answers: [...answers], requests: [], waits: [], logged: [], rejected: [], now: 1000 };
  return {
    transport: async (url, headers, sent) => {
      const body = headers["content-encoding"] === "gzip" ? gunzipSync(sent).toString() : sent;
      const events = JSON.parse(body);
      world.requests.push({ url, headers, body, events, bytes: sent.length });
      const answer = world.answers.shift() ?? { status: 202, body: { accepted: events.length, rejected: 0, retry: 0, events: [] } };
      if (answer === "none") throw new TypeError("as scripted");
      return { headers: {}, ...answer, body: typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body) };
    },
    clock: () => world.now,
    sleep: async (milliseconds) => {
      world.waits.push(milliseconds / 1000);
      world.now += milliseconds;
    },
    random: () => 1,
    linger: 100_000,
    onRejected: (event, problem) => world.rejected.push([event?.n ?? event, problem.code ?? null]),
  };
}

/** Sends and flushes as `steps` say; counts after each step. */
async function run({ answers = [], steps, options = {}, folder, close = true }) {
  const made = scripted(answers);
  if (options.failing) made.onRejected = () => { throw new Error("as planned"); };
  const client = new Client("https://events.example.com/", "K.S", { ...made, ...options, store: folder ? await folderStore(folder) : null });
  const counts = [client.counts];
  let full = 0;
  for (const step of steps) {
    try {
      if (step === "flush") await client.flush();
      else if (step === "close") await client.close();
      else client.send(step.send);
    } catch (error) {
      full += error instanceof QueueFull || error.message === "the client is closed" || error instanceof TypeError ? 1 : NaN;
    }
    counts.push(client.counts);
  }
  if (close) await client.close();
  return { ...world, answers: undefined, counts, full };
}

for (const line of readFileSync(0, "utf8").trim().split("\n")) {
  console.log(JSON.stringify(await run(JSON.parse(line))));
}
