// Writes with the AWS SDK for Java v2 as docs/how-to/clients shows it, and prints what each call answered as one JSON.
import java.net.URI;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkSystemSetting;
import software.amazon.awssdk.http.Protocol;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.ShardFilterType;

public class Write {
    static final String RUN = System.getenv("RUN");

    public static void main(String[] arguments) {
        URI http = URI.create(System.getenv("HTTP")), https = URI.create(System.getenv("HTTPS"));
        KinesisClient kinesis = KinesisClient.builder()
            .endpointOverride(http).region(Region.US_EAST_1).httpClient(ApacheHttpClient.create()).build();
        // Over plain HTTP there is no negotiation: the asynchronous client would send HTTP/2, which nobody understands.
        KinesisAsyncClient plain = KinesisAsyncClient.builder()
            .endpointOverride(http).region(Region.US_EAST_1)
            .httpClientBuilder(NettyNioAsyncHttpClient.builder().protocol(Protocol.HTTP1_1)).build();
        KinesisAsyncClient secure = KinesisAsyncClient.builder()
            .endpointOverride(https).region(Region.US_EAST_1)
            .httpClientBuilder(NettyNioAsyncHttpClient.builder()).build();

        show("cbor", () -> String.valueOf(SdkSystemSetting.CBOR_ENABLED.getBooleanValueOrThrow()));
        show("put_record", () -> shard(kinesis.putRecord(
            one -> one.streamName("events").partitionKey("pump-7").data(record("sync"))).shardId()));
        show("put_records", () -> "failed " + kinesis.putRecords(many -> many.streamName("events")
            .records(List.of(entry("a"), entry("b")))).failedRecordCount());
        show("summary", () -> String.valueOf(kinesis.describeStreamSummary(one -> one.streamName("events"))
            .streamDescriptionSummary().streamCreationTimestamp().getEpochSecond()));
        show("shards", () -> kinesis.listShards(all -> all.streamName("events")
            .shardFilter(only -> only.type(ShardFilterType.AT_LATEST))).shards().get(0).hashKeyRange().endingHashKey());
        show("streams", () -> String.join(" ", kinesis.listStreams().streamNames()));
        show("other_stream", () -> kinesis.putRecord(
            one -> one.streamName("other").partitionKey("p").data(record("other"))).shardId());
        show("too_large", () -> kinesis.putRecord(
            one -> one.streamName("events").partitionKey("p").data(SdkBytes.fromByteArray(new byte[2_000_000]))).shardId());
        show("over_the_gateways_limit", () -> "failed " + kinesis.putRecords(many -> many.streamName("events")
            .records(java.util.Collections.nCopies(8, large()))).failedRecordCount());
        show("async_plain", () -> shard(plain.putRecord(
            one -> one.streamName("events").partitionKey("pump-7").data(record("plain"))).join().shardId()));
        show("async_secure", () -> shard(secure.putRecord(
            one -> one.streamName("events").partitionKey("pump-7").data(record("secure"))).join().shardId()));
        System.out.println("{" + String.join(",", lines) + "}");
        System.exit(0); // Netty's threads would keep it for seconds
    }

    static final List<String> lines = new java.util.ArrayList<>();

    static void show(String name, Supplier<String> call) {
        String outcome;
        try {
            outcome = call.get();
        } catch (CompletionException failed) {
            outcome = told(failed.getCause());
        } catch (RuntimeException failed) {
            outcome = told(failed);
        }
        lines.add(quoted(name) + ":" + quoted(outcome));
    }

    static String told(Throwable failed) {
        if (failed instanceof AwsServiceException error) {
            return error.statusCode() + " " + error.getClass().getSimpleName() + " " + error.awsErrorDetails().errorCode()
                + ": " + error.awsErrorDetails().errorMessage();
        }
        return failed.toString();
    }

    static String shard(String id) {
        return id.startsWith("shardId-") ? "stored" : id;
    }

    static SdkBytes record(String name) {
        return SdkBytes.fromUtf8String(RUN + "-" + name);
    }

    static PutRecordsRequestEntry entry(String name) {
        return PutRecordsRequestEntry.builder().partitionKey("pump-7").data(record(name)).build();
    }

    static PutRecordsRequestEntry large() {
        return PutRecordsRequestEntry.builder().partitionKey("p").data(SdkBytes.fromByteArray(new byte[1_000_000])).build();
    }

    static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }
}
