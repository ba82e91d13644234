using DhtTracer.Ingestion.Grpc;
using DhtTracer.Storage;
using Google.Protobuf;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Jaeger.Health;

/// <summary>
/// <c>grpc.health.v1.Health/Check</c>, which load balancers and probes ask
/// (https://github.com/grpc/grpc/blob/master/doc/health-checking.md): serving while the database answers. <c>Watch</c> is not there; the
/// protocol tells its callers what to do then.
/// </summary>
public static class GrpcHealth
{
    /// <summary>The method as on the wire.</summary>
    public const string CheckPath = "/grpc.health.v1.Health/Check";

    // HealthCheckResponse.ServingStatus, in field 1.
    private static readonly ReadOnlyMemory<byte> Serving = new byte[] { 0x08, 1 };
    private static readonly ReadOnlyMemory<byte> NotServing = new byte[] { 0x08, 2 };

    /// <summary>Maps the check.</summary>
    /// <param name="endpoints">Where to map; the port speaks HTTP/2 only.</param>
    /// <param name="store">What is asked.</param>
    /// <param name="service">The one service of the port, such as <c>jaeger.api_v2.QueryService</c>; another is NOT_FOUND, an empty name
    /// means the whole.</param>
    public static void MapGrpcHealth(this IEndpointRouteBuilder endpoints, TraceStore store, string service) =>
        endpoints.MapGrpcUnaryBytes(
            CheckPath,
            async (request, call) =>
            {
                var asked = Service(request);
                if (asked.Length > 0 && asked != service)
                {
                    throw new GrpcException(GrpcStatusCode.NotFound, $"unknown service; this port serves {service}");
                }

                return await HealthEndpoint.ProblemAsync(store, call.Cancellation) is null ? Serving : NotServing;
            }
        );

    /// <summary>Field 1 of <c>HealthCheckRequest</c>.</summary>
    private static string Service(ReadOnlyMemory<byte> request)
    {
        try
        {
            var input = new CodedInputStream(request.ToArray());
            var service = "";
            while (input.ReadTag() is var tag && tag != 0)
            {
                if (tag == WireFormat.MakeTag(1, WireFormat.WireType.LengthDelimited))
                {
                    service = input.ReadString();
                }
                else
                {
                    input.SkipLastField();
                }
            }

            return service;
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new GrpcException(GrpcStatusCode.InvalidArgument, $"the request is not a HealthCheckRequest: {error.Message}", error);
        }
    }
}
