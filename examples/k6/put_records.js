/**
 * Three records in one call, in the documentation's form; only the import differs from a script for AWS.
 *
 *   AWS_ENDPOINT_URL_KINESIS=… AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… AWS_REGION=us-east-1 k6 run put_records.js
 */
import { AWSConfig, KinesisClient } from "./distributary.js";

const awsConfig = new AWSConfig({
  region: __ENV.AWS_REGION,
  accessKeyId: __ENV.AWS_ACCESS_KEY_ID,
  secretAccessKey: __ENV.AWS_SECRET_ACCESS_KEY,
});
const kinesis = new KinesisClient(awsConfig);

export default async function () {
  const streamName = __ENV.STREAM_NAME || "events";
  const message = (text, user) => JSON.stringify({ message: text, timestamp: Date.now(), userId: user });
  const records = [
    { data: message("Hello from k6!", "user-1"), partitionKey: "user-1" },
    { data: message("Grüße, 世界", "user-2"), partitionKey: "user-2" },
    { data: message("one shard", "user-3"), partitionKey: "user-3", explicitHashKey: "123456789012345678901234567890" },
  ];

  const result = await kinesis.putRecords(streamName, records);

  console.log("Failed record count:", result.failedRecordCount);
  result.records.forEach((record, index) => {
    if (record.errorCode) {
      console.log(`Record ${index} failed: ${record.errorCode} - ${record.errorMessage}`);
    } else {
      console.log(`Record ${index} succeeded: sequence=${record.sequenceNumber}, shard=${record.shardId}`);
    }
  });
}
