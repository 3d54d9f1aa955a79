// Writes with the AWS SDK for JavaScript v3 as docs/how-to/clients shows it, and prints what each call answered as one JSON.
import { FirehoseClient, PutRecordBatchCommand } from "@aws-sdk/client-firehose";
import { KinesisClient, PutRecordCommand, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";

const { HTTP, HTTPS, RUN, WRONG_SECRET } = process.env;

const outcome = async (sent) => {
  try {
    const { $metadata, ...members } = await sent;
    return { status: $metadata.httpStatusCode, ...members };
  } catch (error) {
    return { status: error.$metadata?.httpStatusCode, name: error.name, message: error.message };
  }
};
const client = (kind, endpoint, more = {}) => new kind({ region: "us-east-1", endpoint, maxAttempts: 1, ...more });
const record = (name) => ({ Data: Buffer.from(`${RUN}-${name}`), PartitionKey: "pump-7" });

const firehose = client(FirehoseClient, HTTPS);
const kinesis = client(KinesisClient, HTTPS);
const plain = client(KinesisClient, HTTP, { requestHandler: new NodeHttpHandler() });
const stranger = client(KinesisClient, HTTPS, {
  credentials: { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: WRONG_SECRET },
});
const stream = { StreamName: "events" };
const tooMuch = Array(8).fill({ Data: Buffer.alloc(1_000_000), PartitionKey: "pump-7" });
const line = { Data: Buffer.from(`${RUN}-firehose\n`) };

console.log(
  JSON.stringify({
    put_record: await outcome(kinesis.send(new PutRecordCommand({ ...stream, ...record("one") }))),
    put_records: await outcome(kinesis.send(new PutRecordsCommand({ ...stream, Records: [record("a"), record("b")] }))),
    plain: await outcome(plain.send(new PutRecordCommand({ ...stream, ...record("plain") }))),
    firehose: await outcome(
      firehose.send(new PutRecordBatchCommand({ DeliveryStreamName: "events", Records: [line] })),
    ),
    other_stream: await outcome(kinesis.send(new PutRecordCommand({ StreamName: "other", ...record("other") }))),
    over_the_gateways_limit: await outcome(kinesis.send(new PutRecordsCommand({ ...stream, Records: tooMuch }))),
    wrong_secret: await outcome(stranger.send(new PutRecordCommand({ ...stream, ...record("wrong") }))),
  }),
);
