// Runs the cases of standard input with the JavaScript client: prints what became of each, as JSON.
import { readFileSync } from "node:fs";

const { Client } = await import(process.argv[2]);
const told = [];
for (const answers of JSON.parse(readFileSync(0, "utf8"))) {
  const requests = [], waited = [], rejected = [];
  const client = new Client({
    endpoint: "http://localhost/", key: "K.S", linger: 60_000,
    onRejected: (event, refusal) => rejected.push([event, refusal.code ?? refusal.status]),
    wait: (milliseconds) => { waited.push(milliseconds / 1000); return Promise.resolve(); },
    fetch: async (url, { headers, body }) => {
      requests.push([url, headers["idempotency-key"], String(body)]);
      const answer = answers.shift();
      if (answer === null) throw new TypeError("fetch failed");
      return new Response(answer.text ?? JSON.stringify(answer.body), { status: answer.status, headers: answer.after ? { "retry-after": answer.after } : {} });
    },
  });
  for (let n = 0; n < 3; n++) client.send({ n });
  const before = client.pending;
  await client.close();
  told.push({ requests, waited, rejected, before, counts: [client.sent, client.accepted, client.rejected, client.pending] });
}
console.log(JSON.stringify(told));
process.exit(0);
