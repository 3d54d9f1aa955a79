/**
 * Kinesis for k6 scripts: `KinesisClient.putRecords(streamName, records)` as the k6 documentation describes it.
 * https://grafana.com/docs/k6/latest/javascript-api/jslib/aws/kinesisclient/putrecords/
 *
 * Copy this file beside your script. It signs with AWS Signature Version 4 and needs nothing but k6 itself.
 */
import crypto from "k6/crypto";
import encoding from "k6/encoding";
import http from "k6/http";

const ALGORITHM = "AWS4-HMAC-SHA256";
const TARGET = "Kinesis_20131202.PutRecords";
const RECORD_NAMES = { data: "Data", partitionKey: "PartitionKey", explicitHashKey: "ExplicitHashKey" };
const RESULT_NAMES = {
  SequenceNumber: "sequenceNumber",
  ShardId: "shardId",
  ErrorCode: "errorCode",
  ErrorMessage: "errorMessage",
};

/** An answer that is not 200, or no answer: `code` is AWS's name for the error, else the status; `status` is 0 without an answer. */
export class KinesisServiceError extends Error {
  constructor(message, code, status) {
    super(`${code}: ${message}`);
    this.name = "KinesisServiceError";
    this.code = code;
    this.status = status;
    this.operation = "PutRecords";
  }
}

/** Region, credentials and endpoint (a URL). The endpoint may be in AWS_ENDPOINT_URL_KINESIS or AWS_ENDPOINT_URL instead. */
export class AWSConfig {
  constructor({ region, accessKeyId, secretAccessKey, sessionToken, endpoint }) {
    const url = endpoint || __ENV.AWS_ENDPOINT_URL_KINESIS || __ENV.AWS_ENDPOINT_URL;
    const given = { region, accessKeyId, secretAccessKey, endpoint: url };
    const missing = Object.keys(given).filter((name) => !given[name]);
    if (missing.length) {
      throw new TypeError(`AWSConfig: ${missing.join(", ")} missing; the endpoint may be in AWS_ENDPOINT_URL_KINESIS`);
    }
    if (!/^https?:\/\/[^/?#]+\/?$/.test(url)) {
      throw new TypeError(`AWSConfig: endpoint ${url}: must be http:// or https://, a host, and no path`);
    }
    Object.assign(this, given, { endpoint: url.replace(/\/$/, ""), sessionToken });
  }
}

/** Writes to one stream or many. */
export class KinesisClient {
  constructor(awsConfig) {
    this.awsConfig = awsConfig;
  }

  /**
   * Puts the records, each `{data, partitionKey, explicitHashKey}`; `data` is text or an ArrayBuffer.
   * Returns `{failedRecordCount, records}`, each of them `{sequenceNumber, shardId}` or `{errorCode, errorMessage}`.
   * Throws KinesisServiceError for every answer that is not 200.
   */
  async putRecords(streamName, records) {
    const body = JSON.stringify({ StreamName: streamName, Records: records.map(asAws) });
    const headers = signed(this.awsConfig, body, new Date());
    const answer = await http.asyncRequest("POST", `${this.awsConfig.endpoint}/`, body, { headers, responseType: "text" });
    const result = parsed(answer);
    if (answer.status !== 200) {
      throw new KinesisServiceError(words(result, answer), errorName(result, answer), answer.status);
    }
    if (!Array.isArray(result.Records) || result.Records.length !== records.length) {
      throw new KinesisServiceError(`no result for each of ${records.length} records`, "InvalidAnswer", 200);
    }
    return { failedRecordCount: result.FailedRecordCount, records: result.Records.map(asDocumented) };
  }
}

function asAws(record, index) {
  const unknown = Object.keys(record).filter((name) => !(name in RECORD_NAMES));
  if (unknown.length) {
    throw new TypeError(`records[${index}].${unknown[0]}: must be one of ${Object.keys(RECORD_NAMES).join(", ")}`);
  }
  if (typeof record.data !== "string" && !(record.data instanceof ArrayBuffer)) {
    throw new TypeError(`records[${index}].data: must be text or an ArrayBuffer`);
  }
  return renamed({ ...record, data: encoding.b64encode(record.data) }, RECORD_NAMES);
}

function asDocumented(result) {
  return renamed(result, RESULT_NAMES);
}

function renamed(object, names) {
  const found = Object.keys(names).filter((name) => object[name] !== undefined && object[name] !== null);
  return Object.fromEntries(found.map((name) => [names[name], object[name]]));
}

function parsed(answer) {
  try {
    return JSON.parse(answer.body) || {};
  } catch {
    return {}; // no answer, or a proxy's page
  }
}

function errorName(result, answer) {
  const name = typeof result.__type === "string" ? result.__type.replace(/^.*#/, "") : "";
  return name || String(answer.status);
}

function words(result, answer) {
  return result.message || result.Message || answer.error || answer.status_text;
}

/** The headers of one signed request. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function signed(config, body, now) {
  const date = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const headers = {
    "content-type": "application/x-amz-json-1.1",
    host: config.endpoint.replace(/^https?:\/\//, ""),
    "x-amz-date": date,
    ...(config.sessionToken && { "x-amz-security-token": config.sessionToken }),
    "x-amz-target": TARGET,
  };
  const names = Object.keys(headers).join(";"); // written above in the order that the signature wants
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const request = ["POST", "/", "", lines.join(""), names, crypto.sha256(body, "hex")].join("\n");
  const scope = [date.slice(0, 8), config.region, "kinesis", "aws4_request"];
  const text = [ALGORITHM, date, scope.join("/"), crypto.sha256(request, "hex")].join("\n");
  const key = scope.reduce((made, part) => crypto.hmac("sha256", made, part, "binary"), `AWS4${config.secretAccessKey}`);
  const signature = crypto.hmac("sha256", key, text, "hex");
  const credential = `${config.accessKeyId}/${scope.join("/")}`;
  return {
    ...headers,
    authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
