// What KinesisClient throws: a JSON line for each case. The module's folder is beside this script's copy.
import { AWSConfig, KinesisClient } from "./distributary.js";

const given = {
  region: "us-east-1",
  accessKeyId: __ENV.AWS_ACCESS_KEY_ID,
  secretAccessKey: __ENV.AWS_SECRET_ACCESS_KEY,
};
const one = [{ data: "x", partitionKey: "p" }];
const client = (changes) => new KinesisClient(new AWSConfig({ ...given, ...changes }));
const cases = {
  other_stream: () => client().putRecords("other", one),
  wrong_secret: () => client({ secretAccessKey: "x".repeat(40) }).putRecords("events", one),
  over_the_gateways_limit: () => client().putRecords("events", [{ data: "x".repeat(6_000_000), partitionKey: "p" }]),
  nobody_there: () => client({ endpoint: "http://127.0.0.1:9" }).putRecords("events", one),
  not_the_api: () => client({ endpoint: __ENV.ELSEWHERE }).putRecords("events", one),
  no_such_name: () => client().putRecords("events", [{ Data: "x", partitionKey: "p" }]),
  no_data: () => client().putRecords("events", [{ data: 1, partitionKey: "p" }]),
  no_key: async () => client({ accessKeyId: "" }),
  no_host: async () => client({ endpoint: "localhost:8080" }),
};

export default async function () {
  for (const [name, act] of Object.entries(cases)) {
    let told = "no error";
    try {
      await act();
    } catch (error) {
      told = { name: error.name, code: error.code, status: error.status, message: error.message };
    }
    console.log(JSON.stringify({ [name]: told }));
  }
}
