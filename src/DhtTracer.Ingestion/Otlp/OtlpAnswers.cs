using System.Text.Json;
using DhtTracer.Ingestion.Sink;
using Google.Protobuf;
using Grpc.Core;

namespace DhtTracer.Ingestion.Otlp;

/// <summary>
/// The two answers of OTLP, in both encodings (opentelemetry.io/docs/specs/otlp): <c>ExportTraceServiceResponse</c> and
/// <c>google.rpc.Status</c>.
/// </summary>
internal static class OtlpAnswers
{
    public const string Protobuf = "application/x-protobuf";
    public const string Json = "application/json";

    // ExportTraceServiceResponse.partial_success = 1 {rejected_spans = 1, error_message = 2}; Status {code = 1, message = 2}
    private const uint PartialSuccess = (1 << 3) | 2;
    private const uint RejectedSpans = 1 << 3;
    private const uint ErrorMessage = (2 << 3) | 2;
    private const uint Code = 1 << 3;
    private const uint Message = (2 << 3) | 2;

    /// <summary>Success. Has a message only if spans were rejected.</summary>
    public static byte[] Success(SinkResult result, bool json)
    {
        if (json)
        {
            return result.Rejected == 0
                ? "{}"u8.ToArray()
                : JsonSerializer.SerializeToUtf8Bytes(
                    new { partialSuccess = new { rejectedSpans = result.Rejected.ToString(), errorMessage = result.Message } }
                );
        }

        if (result.Rejected == 0)
        {
            return [];
        }

        var partial = Write(output =>
        {
            output.WriteTag(RejectedSpans);
            output.WriteInt64(result.Rejected);
            output.WriteTag(ErrorMessage);
            output.WriteString(result.Message);
        });
        return Write(output =>
        {
            output.WriteTag(PartialSuccess);
            output.WriteBytes(ByteString.CopyFrom(partial));
        });
    }

    /// <summary>A failure, with a gRPC status code.</summary>
    public static byte[] Status(StatusCode code, string message, bool json) =>
        json
            ? JsonSerializer.SerializeToUtf8Bytes(new { code = (int)code, message })
            : Write(output =>
            {
                output.WriteTag(Code);
                output.WriteInt32((int)code);
                output.WriteTag(Message);
                output.WriteString(message);
            });

    private static byte[] Write(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            write(output);
        }

        return stream.ToArray();
    }
}
