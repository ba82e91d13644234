using System.Net;
using DhtTracer.Analysis.Model;
using DhtTracer.Storage.Queries;
using DhtTracer.TestSupport.Kubo;
using DhtTracer.Traces.Model;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.OperationDetails;

/// <summary>A stream of a Kubo's query events whose spans came in another trace: every address of the stream leads to the
/// operation.</summary>
public sealed class JoinedEventsTests
{
    private static readonly CapturedCommand Command = CapturedCommand.Of("file-exporter", "findprovs-5");

    [Fact]
    public async Task Every_address_of_the_stream_leads_to_the_operation_of_the_spans()
    {
        await using var site = await Site.StartAsync();
        await site.ImportAsync(Path.Combine(TestFiles.Data("kubo", "file-exporter"), "traces-file-exporter.json.gz"));
        var listed = await site.Store.CountOperationsAsync(new QueryFilter());
        var stream = await StreamAsync(site);

        var operation = Assert
            .Single((await site.Store.ListOperationsAsync(new QueryFilter { Source = TraceSource.GoKadDhtAndKuboEvents })).Rows)
            .Operation;
        Assert.Equal(Command.Trace, operation.Id.TraceId.ToString());
        Assert.Equal(listed, await site.Store.CountOperationsAsync(new QueryFilter()));
        Assert.Equal($"/q/{operation.Decisive}", await LocationAsync(site, $"/q/{stream}"));
        Assert.Equal($"/q/{operation.Decisive}?tab=why", await LocationAsync(site, $"/q/{stream}?tab=why"));
        Assert.Equal($"/o/{operation.Id}", await LocationAsync(site, $"/o/{stream}"));
        Assert.Equal($"{operation.Id}", (await site.JsonAsync($"/api/v1/operations/{stream}")).GetProperty("id").GetString());
        Assert.Equal($"{operation.Decisive}", (await site.JsonAsync($"/api/v1/queries/{stream}")).GetProperty("id").GetString());
        Assert.Contains(
            (await site.JsonAsync($"/api/v1/queries/{stream}")).GetProperty("peers").EnumerateArray(),
            static peer => peer.GetProperty("referrer").GetString() is not null
        );
        await site.PageAsync($"/q/{operation.Decisive}");
        await site.PageAsync($"/o/{operation.Id}");
    }

    [Fact]
    public async Task A_stream_that_fits_two_operations_has_its_page_which_says_so()
    {
        await using var site = await Site.StartAsync();
        await site.ImportAsync(Path.Combine(TestFiles.Data("kubo", "file-exporter"), "traces-file-exporter.json.gz"));
        Assert.True(TraceId.TryParse(Command.Trace, out var trace));
        await site.AddAsync([.. (await site.Store.GetTraceAsync(trace)).Select(static span => span with { TraceId = new TraceId(7, 7) })]);
        var stream = await StreamAsync(site);

        const string Note = "Not joined with spans: 2 operations of this key fit these events, and nothing tells which one it is.";
        Assert.Contains(Note, (await site.PageAsync($"/o/{stream}")).Texts(".note"));
        Assert.Contains(Note, (await site.PageAsync($"/q/{stream}")).Texts(".note"));
    }

    private static async Task<QueryId> StreamAsync(Site site)
    {
        var spans = CapturedStream.Spans(Command);
        await site.AddAsync(spans);
        await site.SettleAsync();
        return new QueryId(spans[0].TraceId, spans[0].SpanId);
    }

    private static async Task<string> LocationAsync(Site site, string address)
    {
        var answer = await site.Client.GetAsync(new Uri(address, UriKind.Relative));
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        return answer.Headers.Location!.ToString();
    }
}
