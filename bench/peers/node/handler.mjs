// Peer (c): the three services at the same time from Node, AWS SDK v3.
import { randomUUID } from "node:crypto";
import { FirehoseClient, PutRecordBatchCommand, PutRecordCommand } from "@aws-sdk/client-firehose";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { NodeHttpHandler } from "@smithy/node-http-handler";

const { DELIVERY_STREAM_NAME, STREAM_NAME, QUEUE_URL } = process.env;
const firehose = new FirehoseClient({});
const kinesis = new KinesisClient({ requestHandler: new NodeHttpHandler() }); // its default is HTTP/2: not on plain http
const sqs = new SQSClient({});

async function toFirehose(events) {
  const records = events.map((event) => ({ Data: Buffer.from(JSON.stringify(event) + "\n") }));
  if (records.length === 1) {
    await firehose.send(new PutRecordCommand({ DeliveryStreamName: DELIVERY_STREAM_NAME, Record: records[0] }));
    return 0;
  }
  const answer = await firehose.send(
    new PutRecordBatchCommand({ DeliveryStreamName: DELIVERY_STREAM_NAME, Records: records }),
  );
  return answer.FailedPutCount;
}

async function toKinesis(events) {
  const records = events.map((event) => ({ Data: Buffer.from(JSON.stringify(event)), PartitionKey: event.deviceId }));
  return (await kinesis.send(new PutRecordsCommand({ StreamName: STREAM_NAME, Records: records }))).FailedRecordCount;
}

async function toQueue(events) {
  const batches = Array.from({ length: Math.ceil(events.length / 10) }, (_, n) => events.slice(n * 10, n * 10 + 10));
  const answers = await Promise.all(
    batches.map((batch) =>
      sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: QUEUE_URL,
          Entries: batch.map((event, position) => ({
            Id: String(position),
            MessageBody: JSON.stringify(event),
            MessageGroupId: event.deviceId,
            MessageDeduplicationId: randomUUID(),
          })),
        }),
      ),
    ),
  );
  return answers.reduce((sum, answer) => sum + (answer.Failed?.length ?? 0), 0);
}

export async function handle(event) {
  const parsed = JSON.parse(event.body);
  const events = Array.isArray(parsed) ? parsed : [parsed];
  const refused = await Promise.all([toFirehose(events), toKinesis(events), toQueue(events)]);
  const failed = refused.reduce((sum, count) => sum + count, 0);
  return {
    statusCode: failed ? 503 : 202,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ received: events.length, failed }),
  };
}
