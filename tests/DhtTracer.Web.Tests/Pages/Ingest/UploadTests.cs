using System.Net;
using System.Text;
using DhtTracer.Traces.Otlp;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Pages.Ingest;

public sealed class UploadTests
{
    [Fact]
    public async Task Files_are_imported_and_the_page_says_what_came_of_each()
    {
        var query = SimulatedQueries.Make(3, 20);
        await using var site = await Site.StartAsync();
        var answer = await SendAsync(
            site,
            ("good.pb", OtlpProtobuf.Encode(NativeTrace.Of(query))),
            ("<b>bad</b>.txt", Encoding.UTF8.GetBytes("no trace in here"))
        );
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        var page = await site.PageAsync(answer.Headers.Location!.ToString());
        var spans = NativeTrace.Of(query).Count;
        Assert.Equal(
            $"1 file imported: {spans} spans (0 of them already there), 1 trace. Queries",
            page.QuerySelector("#uploaded p")!.Text()
        );
        var problem = page.QuerySelector("#uploaded li")!;
        Assert.StartsWith("<b>bad</b>.txt: it is none of the formats", problem.Text(), StringComparison.Ordinal);
        Assert.Null(problem.QuerySelector("b b"));
        Assert.Equal(spans, (await site.Store.GetTraceAsync(query.Id.TraceId)).Count);
    }

    [Fact]
    public async Task The_same_file_twice_changes_nothing()
    {
        var body = OtlpProtobuf.Encode(NativeTrace.Of(SimulatedQueries.Make(3, 20)));
        await using var site = await Site.StartAsync();
        await SendAsync(site, ("a.pb", body));
        var again = await SendAsync(site, ("a.pb", body));
        var text = (await site.PageAsync(again.Headers.Location!.ToString())).QuerySelector("#uploaded p")!.Text();
        Assert.Matches("^1 file imported: ([0-9]+) spans \\(\\1 of them already there\\)", text);
    }

    [Fact]
    public async Task A_page_of_another_site_cannot_send_files()
    {
        await using var site = await Site.StartAsync();
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(OtlpProtobuf.Encode(NativeTrace.Of(SimulatedQueries.Make(3, 5)))), "files", "a.pb" },
        };
        Assert.Equal(
            HttpStatusCode.BadRequest,
            (await site.Client.PostAsync(new Uri("/ingest?handler=Upload", UriKind.Relative), form)).StatusCode
        );
        Assert.Equal(0, (await site.Store.CountsAsync()).Traces);
    }

    [Fact]
    public async Task An_unknown_report_shows_the_page_without_one()
    {
        await using var site = await Site.StartAsync();
        Assert.Null((await site.PageAsync("/ingest?upload=nonsense")).QuerySelector("#uploaded"));
    }

    private static async Task<HttpResponseMessage> SendAsync(Site site, params (string Name, byte[] Bytes)[] files)
    {
        var token = (await site.PageAsync("/ingest"))
            .QuerySelector(".upload input[name=__RequestVerificationToken]")!
            .GetAttribute("value")!;
        using var form = new MultipartFormDataContent { { new StringContent(token), "__RequestVerificationToken" } };
        foreach (var (name, bytes) in files)
        {
            form.Add(new ByteArrayContent(bytes), "files", name);
        }

        return await site.Client.PostAsync(new Uri("/ingest?handler=Upload", UriKind.Relative), form);
    }
}
