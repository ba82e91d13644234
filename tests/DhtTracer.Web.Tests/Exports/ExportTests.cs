using System.Net;
using System.Text;
using System.Text.Json;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Jaeger;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;
using DhtTracer.Web.Search;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Exports;

public sealed class ExportTests(ExportTests.SiteOfThree three) : IClassFixture<ExportTests.SiteOfThree>
{
    private static readonly Query[] Three =
    [
        SimulatedQueries.Make(1, 12),
        SimulatedQueries.Make(2, 15, query => query with { Type = QueryType.FindPeer }),
        SimulatedQueries.Make(3, 9),
    ];

    public static TheoryData<string> SetFormats => [.. ExportFormat.All.Where(format => format.Sets).Select(format => format.Name)];

    public static TheoryData<string> SingleFormats =>
        [.. ExportFormat.All.Where(format => format.Single).Select(format => format.Extension)];

    [Theory]
    [MemberData(nameof(SetFormats))]
    public async Task Every_format_of_sets_holds_what_the_filter_lets_through_and_nothing_else(string name)
    {
        var site = three.Site;
        var response = await GetAsync(site, $"/api/v1/export?format={name}&type=get-providers&sort=oldest");

        var format = ExportFormat.Find(name)!;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(format.MediaType, response.Content.Headers.ContentType!.ToString());
        Assert.Equal($"attachment; filename=queries.{format.Extension}", response.Content.Headers.ContentDisposition!.ToString());
        var bytes = await response.Content.ReadAsByteArrayAsync();
        Assert.Equal([Three[0].Id, Three[2].Id], IdsIn(format, bytes));
    }

    [Theory]
    [MemberData(nameof(SetFormats))]
    public async Task The_chosen_queries_are_exported_alone_from_the_api_and_from_the_list(string name)
    {
        var site = three.Site;
        var api = await GetAsync(site, $"/api/v1/export?format={name}&id={Three[2].Id}&id={Three[1].Id}");
        var list = await GetAsync(site, $"/queries/export/chosen?format={name}&q={Three[2].Id}&q={Three[1].Id}");

        var bytes = await api.Content.ReadAsByteArrayAsync();
        Assert.Equal([Three[2].Id, Three[1].Id], IdsIn(ExportFormat.Find(name)!, bytes));
        Assert.Equal(bytes, await list.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [MemberData(nameof(SingleFormats))]
    public async Task A_query_page_links_every_format_and_each_is_a_file(string extension)
    {
        var site = three.Site;
        var link = (await site.PageAsync($"/q/{Three[0].Id}"))
            .QuerySelector($"details.menu a[href$='export.{extension}']")!
            .GetAttribute("href")!;
        var response = await GetAsync(site, link);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal($"query-{Three[0].Id.ToString()[..12]}.{extension}", response.Content.Headers.ContentDisposition!.FileName);
        Assert.NotEmpty(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(
            HttpStatusCode.NotFound,
            (
                await GetAsync(
                    site,
                    link.Replace(Three[0].Id.ToString(), SimulatedQueries.Make(9, 3).Id.ToString(), StringComparison.Ordinal)
                )
            ).StatusCode
        );
    }

    [Theory]
    [InlineData("", "does not say as what: format is one of html, json, request-trace, csv")]
    [InlineData("format=pdf", "\"pdf\" (format) is not one of")]
    [InlineData("format=otlp&type=find", "\"find\" (type) is not one of find-peer")]
    [InlineData("format=otlp&outcom=failed", "\"outcom\" is no parameter of an export")]
    [InlineData("format=otlp&from=yesterday", "\"yesterday\" (from) is not a time")]
    [InlineData("format=otlp&id=abc", "\"abc\" (id) is not a permalink")]
    [InlineData("format=har&type=find-peer", "holds one query: name it by id")]
    [InlineData("format=otlp&type=find-peer&id=00000000000000000000000000000001-0000000000000002", "not both")]
    public async Task What_is_not_understood_is_a_400_that_says_what(string parameters, string problem)
    {
        var site = three.Site;
        var api = await GetAsync(site, "/api/v1/export?" + parameters);
        var list = await GetAsync(site, "/queries/export?" + parameters);

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (api.StatusCode, list.StatusCode));
        Assert.Contains(
            problem,
            JsonDocument.Parse(await api.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString(),
            StringComparison.Ordinal
        );
        Assert.Contains(problem, (await Site.DocumentAsync(list)).Body!.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_that_is_not_here_is_a_404_that_names_it_and_no_choice_is_not_everything()
    {
        await using var site = await Site.StartAsync(Three[0]);
        var missing = await GetAsync(site, $"/api/v1/export?format=otlp&id={Three[0].Id}&id={Three[1].Id}");
        var page = await GetAsync(site, $"/queries/export?format=otlp&id={Three[1].Id}");
        var none = await GetAsync(site, "/queries/export/chosen?format=otlp");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (missing.StatusCode, page.StatusCode));
        Assert.Contains($"The query {Three[1].Id} is not here", (await Site.DocumentAsync(page)).Body!.Text(), StringComparison.Ordinal);
        Assert.Contains(Three[1].Id.ToString(), await missing.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, none.StatusCode);
        Assert.Contains("No query was chosen", (await Site.DocumentAsync(none)).Body!.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ending_that_no_format_has_is_a_400_that_names_those_there_are()
    {
        var site = three.Site;
        var answer = await GetAsync(site, $"/q/{Three[0].Id}/export.pdf");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(
            "html, json, request-trace.json, csv, har, trace.json, svg",
            (await Site.DocumentAsync(answer)).Body!.Text(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("/api/v1/export?format=jaeger")]
    [InlineData("/queries/export?format=csv")]
    [InlineData("/queries.csv")]
    public async Task Head_tells_what_get_would_send(string address)
    {
        var site = three.Site;
        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri(address, UriKind.Relative));
        var head = await site.Client.SendAsync(request);
        var get = await GetAsync(site, address);

        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Equal(get.Content.Headers.ContentDisposition, head.Content.Headers.ContentDisposition);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        Assert.NotEmpty(await get.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task The_list_offers_all_that_match_with_its_filters_and_the_chosen_by_its_boxes()
    {
        var site = three.Site;
        var page = await site.PageAsync("/queries?type=get-providers&sort=oldest");

        var all = ExportFormat
            .All.Where(format => format.Sets)
            .Select(format => $"/queries/export?type=get-providers&sort=oldest&format={format.Name}")
            .ToList();
        Assert.Equal(
            all.Concat(all.Select(address => address + "&redact=1")),
            page.QuerySelectorAll("details.export-list a").Select(link => link.GetAttribute("href"))
        );
        var button = page.QuerySelector("details.export-list button[value=jaeger]")!;
        Assert.Equal(("format", "/queries/export/chosen"), (button.GetAttribute("name"), button.GetAttribute("formaction")));
        Assert.Equal("compare", button.Closest("form")!.Id);
        Assert.Equal(
            [Three[0].Id.ToString(), Three[2].Id.ToString()],
            page.QuerySelectorAll("input[form=compare][name=q]").Select(box => box.GetAttribute("value"))
        );
    }

    [Fact]
    public async Task A_client_that_goes_away_ends_the_work()
    {
        await using var site = await Site.StartAsync(Enumerable.Range(1, 60).Select(seed => SimulatedQueries.Make(seed, 120)));
        var whole = (await (await GetAsync(site, "/api/v1/export?format=otlp-json")).Content.ReadAsByteArrayAsync()).LongLength;
        var ended = new TaskCompletionSource<(bool Aborted, long Written)>(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Around = async (context, next) =>
        {
            var counted = new CountingStream(context.Response.Body);
            context.Response.Body = counted;
            try
            {
                await next(context);
            }
            finally
            {
                ended.TrySetResult((context.RequestAborted.IsCancellationRequested, counted.Written));
            }
        };

        using (
            var response = await site.Client.GetAsync(
                new Uri("/api/v1/export?format=otlp-json", UriKind.Relative),
                HttpCompletionOption.ResponseHeadersRead
            )
        )
        {
            var body = await response.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[1000]);
        }

        var (aborted, written) = await ended.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(aborted);
        Assert.InRange(written, 1000, whole - 1);
    }

    [Fact]
    public async Task Open_api_describes_the_export()
    {
        await using var site = await Site.StartAsync();
        var document = JsonDocument.Parse(await site.Client.GetStringAsync(new Uri("/api/v1/openapi.json", UriKind.Relative))).RootElement;
        var get = document.GetProperty("paths").GetProperty("/api/v1/export").GetProperty("get");

        Assert.All(
            ExportFormat.All,
            format => Assert.Contains(format.Name, get.GetProperty("description").GetString(), StringComparison.Ordinal)
        );
        Assert.Equal(
            QueryListAddress.Names.Where(name => name != "at").Concat(["format", "id", "redact"]).Order(StringComparer.Ordinal),
            get.GetProperty("parameters")
                .EnumerateArray()
                .Select(parameter => parameter.GetProperty("name").GetString())
                .Order(StringComparer.Ordinal)
        );
    }

    private static Task<HttpResponseMessage> GetAsync(Site site, string address) =>
        site.Client.GetAsync(new Uri(address, UriKind.Relative));

    /// <summary>The queries in a file, in its order: read by what the format says of itself.</summary>
    private static IEnumerable<QueryId> IdsIn(ExportFormat format, byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        return format.Kind switch
        {
            ExportKind.QueriesCsv => text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
                .Skip(1)
                .Select(line => Id(line.Split(',')[0])),
            ExportKind.Json => JsonDocument
                .Parse(bytes)
                .RootElement.GetProperty("queries")
                .EnumerateArray()
                .Select(query => Id(query.GetProperty("id").GetString()!)),
            ExportKind.RequestTrace => JsonDocument
                .Parse(bytes)
                .RootElement.GetProperty("requests")
                .EnumerateArray()
                .Select(request => Id($"{request.GetProperty("traceId").GetString()}-{request.GetProperty("id").GetString()}")),
            ExportKind.VisState => JsonDocument
                .Parse(bytes)
                .RootElement.EnumerateArray()
                .Select(query => Id(query.GetProperty("QueryID").GetString()!)),
            ExportKind.EventLog => text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement)
                .Where(line => line.TryGetProperty("QueryRunner", out _))
                .Select(line =>
                    Three
                        .Single(query =>
                            query.StartUnixNano == Nanoseconds(line.GetProperty("QueryRunner").GetProperty("StartTime").GetString()!)
                        )
                        .Id
                )
                .Distinct(),
            ExportKind.JaegerJson => Roots(JaegerJson.Decode(bytes)),
            ExportKind.JaegerV3Json => Roots(JaegerV3Json.Decode(bytes)),
            ExportKind.OtlpJson => Roots(OtlpJson.Decode(bytes)),
            ExportKind.OtlpJsonLines => Roots(OtlpJson.DecodeLines(bytes)),
            _ => Roots(OtlpProtobuf.Decode(bytes)),
        };

        static QueryId Id(string text) => QueryId.TryParse(text, out var id) ? id : throw new FormatException(text);

        static ulong Nanoseconds(string time) => (ulong)(DateTimeOffset.Parse(time) - DateTimeOffset.UnixEpoch).Ticks * 100;

        static IEnumerable<QueryId> Roots(IEnumerable<Span> spans) =>
            spans.Where(span => span.Name == "dht.query").Select(span => new QueryId(span.TraceId, span.SpanId));
    }

    /// <summary>A site whose archive holds the three queries, for tests that only read.</summary>
    public sealed class SiteOfThree : IAsyncLifetime
    {
        private Site? _site;

        internal Site Site => _site ?? throw new InvalidOperationException("not started");

        /// <inheritdoc/>
        public async ValueTask InitializeAsync() => _site = await Site.StartAsync(Three);

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => Site.DisposeAsync();
    }

    private sealed class CountingStream(Stream inner) : Stream
    {
        public long Written { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => inner.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await inner.WriteAsync(buffer, cancellationToken);
            Written += buffer.Length;
        }
    }
}
