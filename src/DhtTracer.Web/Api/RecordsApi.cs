using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Records;
using DhtTracer.Storage;
using DhtTracer.Storage.Records;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace DhtTracer.Web.Api;

/// <summary>Records of <c>/api/v1</c>: their lives, as the pages at <c>/records</c> show them.</summary>
internal static class RecordsApi
{
    private const int Looked = 100;

    /// <summary>Adds the endpoints.</summary>
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/records", ListAsync)
            .WithName("listRecords")
            .WithSummary("Records that were touched or published last, with what somebody should look at")
            .Produces<RecordsAnswer>();
        api.MapGet("/records/{**key}", GetAsync)
            .WithName("getRecord")
            .WithSummary("The life of one record: publications, lookups with their holders, what happened between them, alarms")
            .Describe(ApiParameters.RecordKey)
            .Produces<RecordAnswer>()
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<RecordsAnswer> ListAsync([FromServices] TraceStore store, CancellationToken cancellationToken) =>
        new([.. (await RecordReading.ListAsync(store, RecordTimes.Amino, Looked, cancellationToken)).Select(RecordLine.Of)]);

    private static async Task<IResult> GetAsync(string key, [FromServices] TraceStore store, CancellationToken cancellationToken)
    {
        // The slash before "ipns" is the one of the address.
        var text = key.StartsWith("ipns/", StringComparison.Ordinal) || key.StartsWith("pk/", StringComparison.Ordinal) ? "/" + key : key;
        return await RecordReading.ReadAsync(store, text, RecordTimes.Amino, cancellationToken) is { } life
            ? Results.Bytes(RecordLifeJson.ToUtf8(life), "application/json")
            : ApiProblems.NotHere("record");
    }
}
