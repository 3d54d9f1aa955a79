// A Lambda function on the Kinesis stream: handles each event once, and keeps going past bad records.
//
// Event source mapping: FunctionResponseTypes = ReportBatchItemFailures, BisectBatchOnFunctionError, and a destination
// on failure. TABLE names a DynamoDB table with the string key `id` and time to live on `expires`.
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";

// An embedded AWS, such as `make up` runs, has no host name for each bucket.
const s3 = new S3Client({ forcePathStyle: Boolean(process.env.AWS_ENDPOINT_URL) });
const dynamodb = new DynamoDBClient();
const TableName = process.env.TABLE;

// Longer than any event may be redelivered: redrive tries for 13 days, a replay may come later.
const REMEMBERED_SECONDS = 30 * 86_400;

// The answer makes Lambda send again from the first record that failed.
export const handler = async (event) => {
  for (const { kinesis } of event.Records) {
    const envelope = readEnvelope(Buffer.from(kinesis.data, "base64"));
    if (!envelope) {
      console.log(JSON.stringify({ skipped: kinesis.sequenceNumber, reason: "no envelope" }));
      continue;
    }
    try {
      await once(envelope);
    } catch (error) {
      console.log(JSON.stringify({ failed: kinesis.sequenceNumber, error: String(error) }));
      return { batchItemFailures: [{ itemIdentifier: kinesis.sequenceNumber }] };
    }
  }
  return { batchItemFailures: [] };
};

// The CloudEvent, or undefined for a record that is none: AWS clients may write any bytes to the stream.
const readEnvelope = (data) => {
  try {
    const envelope = JSON.parse(data);
    return envelope.id && envelope.source ? envelope : undefined;
  } catch {
    return undefined;
  }
};

// Handles an event unless its `source` and `id` were handled before.
const once = async (envelope) => {
  const id = { S: JSON.stringify([envelope.source, envelope.id]) };
  const expires = { N: String(Math.floor(Date.now() / 1000) + REMEMBERED_SECONDS) };
  try {
    const ConditionExpression = "attribute_not_exists(id)";
    await dynamodb.send(new PutItemCommand({ TableName, Item: { id, expires }, ConditionExpression }));
  } catch (error) {
    if (error.name === "ConditionalCheckFailedException") return;
    throw error;
  }
  try {
    await handle(envelope, await readData(envelope));
  } catch (error) {
    await dynamodb.send(new DeleteItemCommand({ TableName, Key: { id } }));
    throw error;
  }
};

// The event's data: from the envelope, or from the bucket if it was too large for the stream.
const readData = async (envelope) => {
  if ("data_base64" in envelope) return Buffer.from(envelope.data_base64, "base64");
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(envelope.dataref ?? "") ?? [];
  if (!Bucket) return envelope.data;
  const { Body, ContentType } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  if (ContentType?.endsWith("json")) return JSON.parse(await Body.transformToString());
  return Buffer.from(await Body.transformToByteArray());
};

// Your code. Throw an error for an event that must come again.
const handle = async (envelope, data) => {
  const size = Buffer.isBuffer(data) ? data.length : JSON.stringify(data).length;
  console.log(JSON.stringify({ handled: envelope.id, type: envelope.type, size }));
};
