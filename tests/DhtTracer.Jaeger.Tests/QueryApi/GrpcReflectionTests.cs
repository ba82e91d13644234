using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1Alpha;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary>Server reflection on the query port, which <c>grpcurl</c> and the like use: it describes the services as Jaeger does.</summary>
public class GrpcReflectionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_query_services_are_listed()
    {
        await using var host = await QueryApiHost.StartAsync([]);
        var answer = await AskAsync(host, new ServerReflectionRequest { ListServices = "" });
        var names = answer.ListServicesResponse.Service.Select(service => service.Name).ToList();
        Assert.Contains("jaeger.api_v2.QueryService", names);
        Assert.Contains("jaeger.api_v3.QueryService", names);
    }

    [Theory]
    [InlineData("jaeger.api_v2.QueryService", "GetTrace>> ArchiveTrace> FindTraces>> GetServices> GetOperations> GetDependencies>")]
    [InlineData("jaeger.api_v3.QueryService", "GetTrace>> FindTraces>> GetServices> GetOperations> GetDependencies> FindTraceSummaries>>")]
    public async Task A_service_has_the_methods_of_jaegers_definition(string service, string methods)
    {
        await using var host = await QueryApiHost.StartAsync([]);
        var described = (await FilesAsync(host, service))
            .SelectMany(file => file.Service.Select(one => (Name: $"{file.Package}.{one.Name}", one.Method)))
            .Single(one => one.Name == service);
        Assert.Equal(
            methods.Split(' ').Order(StringComparer.Ordinal),
            described.Method.Select(method => method.Name + (method.ServerStreaming ? ">>" : ">")).Order(StringComparer.Ordinal)
        );
    }

    /// <summary>Field numbers of jaeger-idl, <c>proto/api_v3/query_service.proto</c>: what other clients send and read.</summary>
    [Theory]
    [InlineData("GetTraceRequest", "trace_id=1 start_time=2 end_time=3 raw_traces=4")]
    [InlineData(
        "TraceQueryParameters",
        "service_name=1 operation_name=2 attributes=3 start_time_min=4 start_time_max=5 duration_min=6 duration_max=7 search_depth=8 "
            + "raw_traces=9 filter=10"
    )]
    [InlineData("GetOperationsRequest", "service=1 span_kind=2")]
    [InlineData("Operation", "name=1 span_kind=2")]
    [InlineData("GetDependenciesRequest", "start_time=1 end_time=2")]
    [InlineData("Dependency", "parent=1 child=2 call_count=3")]
    [InlineData("ServiceSummary", "name=1 span_count=2 error_span_count=3")]
    [InlineData(
        "TraceSummary",
        "trace_id=1 root_service_name=2 root_operation_name=3 min_start_time_unix_nano=4 max_end_time_unix_nano=5 span_count=6 "
            + "error_span_count=7 orphan_span_count=8 services=9"
    )]
    public async Task A_message_of_api_v3_has_jaegers_field_numbers(string message, string fields)
    {
        await using var host = await QueryApiHost.StartAsync([]);
        var described = (await FilesAsync(host, $"jaeger.api_v3.{message}"))
            .Where(file => file.Package == "jaeger.api_v3")
            .SelectMany(file => file.MessageType)
            .Single(one => one.Name == message);
        Assert.Equal(fields, string.Join(' ', described.Field.Select(field => $"{field.Name}={field.Number}")));
    }

    [Fact]
    public async Task An_unknown_symbol_is_not_found()
    {
        await using var host = await QueryApiHost.StartAsync([]);
        var answer = await AskAsync(host, new ServerReflectionRequest { FileContainingSymbol = "jaeger.api_v9.QueryService" });
        Assert.Equal(StatusCode.NotFound, (StatusCode)answer.ErrorResponse.ErrorCode);
    }

    private static async Task<IReadOnlyList<FileDescriptorProto>> FilesAsync(QueryApiHost host, string symbol)
    {
        var answer = await AskAsync(host, new ServerReflectionRequest { FileContainingSymbol = symbol });
        return [.. answer.FileDescriptorResponse.FileDescriptorProto.Select(FileDescriptorProto.Parser.ParseFrom)];
    }

    private static async Task<ServerReflectionResponse> AskAsync(QueryApiHost host, ServerReflectionRequest request)
    {
        using var call = new ServerReflection.ServerReflectionClient(host.Grpc).ServerReflectionInfo(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(request, Cancel);
        await call.RequestStream.CompleteAsync();
        Assert.True(await call.ResponseStream.MoveNext(Cancel));
        return call.ResponseStream.Current;
    }
}
