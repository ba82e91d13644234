using System.Net;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Security;

public sealed class SecurityHeadersTests
{
    [Fact]
    public async Task Every_answer_forbids_inline_code_framing_and_guessing_of_types()
    {
        var query = SimulatedQueries.Make(1, 4);
        await using var site = await Site.StartAsync(query);
        foreach (
            var address in new[]
            {
                "/queries",
                $"/q/{query.Id}",
                $"/traces/{query.Id.TraceId}",
                "/q/none",
                "/nowhere",
                "/favicon.ico",
                "/test/throw",
            }
        )
        {
            var headers = (await site.Client.GetAsync(new Uri(address, UriKind.Relative))).Headers;
            var policy = Assert.Single(headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("DENY", Assert.Single(headers.GetValues("X-Frame-Options")));
        }
    }

    [Fact]
    public async Task Pages_hold_nothing_inline_and_ask_nobody_else()
    {
        var query = SimulatedQueries.Make(1, 20);
        await using var site = await Site.StartAsync(query);
        foreach (var address in new[] { "/queries", $"/q/{query.Id}", $"/traces/{query.Id.TraceId}", "/nowhere" })
        {
            var page = await Site.DocumentAsync(await site.Client.GetAsync(new Uri(address, UriKind.Relative)));
            Assert.Empty(
                page.QuerySelectorAll(
                    "[style], style, script:not([src]), script[src]:not([src^='/assets/']), link[href]:not([href^='/']), iframe"
                )
            );
        }
    }

    [Fact]
    public async Task A_failure_tells_the_reader_nothing_of_the_program()
    {
        await using var site = await Site.StartAsync();
        var response = await site.Client.GetAsync(new Uri("/test/throw", UriKind.Relative));
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        var text = await response.Content.ReadAsStringAsync();
        Assert.Contains("Something failed here", text, StringComparison.Ordinal);
        Assert.DoesNotContain("a secret of the program", text, StringComparison.Ordinal);
    }
}
