using System.Net;
using System.Text.RegularExpressions;
using DhtTracer.Hosting.Ports;
using DhtTracer.Web.Access;

namespace DhtTracer.Tests.Access;

/// <summary>Logins of people: by a link, by the form, and how they end.</summary>
public sealed class LoginTests(RunningWithKeys running) : IClassFixture<RunningWithKeys>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_page_without_a_login_leads_to_the_login_and_back()
    {
        using var response = await PageAsync("/queries?sort=slowest");
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal("/login?next=%2Fqueries%3Fsort%3Dslowest", response.Headers.Location!.PathAndQuery);
        using var page = await PageAsync(response.Headers.Location.PathAndQuery);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("value=\"/queries?sort=slowest\"", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_logs_in_and_leaves_no_key_in_the_address()
    {
        using var response = await PageAsync($"/login?token={running.Secret(KeyKind.Reader)}&next=/queries");
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal("/queries", response.Headers.Location!.OriginalString);
        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(running.Secret(KeyKind.Reader), cookie, StringComparison.Ordinal);
        using var page = await PageAsync("/queries", cookie.Split(';')[0]);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var text = await page.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("Log out", text, StringComparison.Ordinal);
        Assert.DoesNotContain(running.Secret(KeyKind.Reader), text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("javascript:alert(1)")]
    public async Task A_login_leads_to_this_site_only(string next)
    {
        using var response = await PageAsync($"/login?token={running.Secret(KeyKind.Reader)}&next={Uri.EscapeDataString(next)}");
        Assert.Equal("/", response.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task A_wrong_key_and_an_ingest_key_do_not_log_in()
    {
        var reader = running.Secret(KeyKind.Reader);
        foreach (var secret in new[] { "x", reader[..^1] + (reader[^1] == 'A' ? 'B' : 'A'), running.Secret(KeyKind.Ingest) })
        {
            using var response = await PageAsync($"/login?token={secret}");
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
            Assert.False(
                response.Headers.Contains("Set-Cookie")
                    && string.Concat(response.Headers.GetValues("Set-Cookie"))
                        .Contains(AccessServices.SessionCookie, StringComparison.Ordinal)
            );
        }
    }

    [Fact]
    public async Task The_form_logs_in_and_the_button_logs_out()
    {
        using var form = await PageAsync("/login");
        var (token, cookie) = await FormAsync(form);
        using var login = await PostAsync("/login", cookie, ("key", running.Secret(KeyKind.Operator)), (TokenField, token));
        Assert.Equal(HttpStatusCode.Redirect, login.StatusCode);
        var session = CookieOf(login, AccessServices.SessionCookie);
        using var page = await PageAsync("/about", session + "; " + cookie);
        var (pageToken, _) = await FormAsync(page);
        Assert.NotEmpty(pageToken);
        using var logout = await PostAsync("/login?handler=Out", session + "; " + cookie, (TokenField, pageToken));
        Assert.Equal(HttpStatusCode.Redirect, logout.StatusCode);
        Assert.Equal(AccessServices.SessionCookie + "=", CookieOf(logout, AccessServices.SessionCookie));
    }

    [Fact]
    public async Task A_login_ends_when_its_key_is_revoked()
    {
        var secret = await running.AddKeyAsync(KeyKind.Reader, "to be revoked");

        // The running process sees a changed file after a second.
        var session = await UntilAsync(
            async () => await PageAsync($"/login?token={secret}"),
            static response => response.StatusCode == HttpStatusCode.Redirect
        );
        using (var page = await PageAsync("/queries", session))
        {
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        }

        await running.Keys.UpdateAsync(static keys => keys.RemoveAll(static key => key.Name == "to be revoked"), Cancel);
        await UntilAsync(() => PageAsync("/queries", session), static response => response.StatusCode == HttpStatusCode.Redirect);
    }

    [Fact]
    public async Task A_reader_sees_no_form_that_an_operator_sees()
    {
        foreach (var (kind, sees) in new[] { (KeyKind.Reader, false), (KeyKind.Operator, true) })
        {
            using var login = await PageAsync($"/login?token={running.Secret(kind)}");
            var session = CookieOf(login, AccessServices.SessionCookie);
            using var ingest = await PageAsync("/ingest", session);
            Assert.Equal(sees, (await ingest.Content.ReadAsStringAsync(Cancel)).Contains("class=\"upload\"", StringComparison.Ordinal));
            using var run = await PageAsync("/run", session);
            Assert.Equal(!sees, (await run.Content.ReadAsStringAsync(Cancel)).Contains("needs a login", StringComparison.Ordinal));
        }
    }

    private const string TokenField = "__RequestVerificationToken";

    private static async Task<(string Token, string Cookie)> FormAsync(HttpResponseMessage page)
    {
        var text = await page.Content.ReadAsStringAsync(Cancel);
        return (
            Regex.Match(text, $"name=\"{TokenField}\" type=\"hidden\" value=\"([^\"]+)\"").Groups[1].Value,
            page.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies.First().Split(';')[0] : ""
        );
    }

    private static string CookieOf(HttpResponseMessage response, string name) =>
        response.Headers.GetValues("Set-Cookie").Single(cookie => cookie.StartsWith(name + "=", StringComparison.Ordinal)).Split(';')[0];

    private static async Task<string> UntilAsync(Func<Task<HttpResponseMessage>> ask, Func<HttpResponseMessage, bool> isSo)
    {
        for (var i = 0; ; i++)
        {
            using var response = await ask();
            if (isSo(response))
            {
                return response.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies.First().Split(';')[0] : "";
            }

            Assert.True(i < 50, "It did not become so within 5 s.");
            await Task.Delay(100, Cancel);
        }
    }

    private Task<HttpResponseMessage> PageAsync(string path, string? cookie = null) =>
        running.SendAsync(
            PortKind.Site,
            HttpMethod.Get,
            path,
            secret: null,
            request =>
            {
                request.Headers.Add("Accept", "text/html");
                if (cookie is not null)
                {
                    request.Headers.Add("Cookie", cookie);
                }
            }
        );

    private Task<HttpResponseMessage> PostAsync(string path, string cookie, params (string Name, string Value)[] fields) =>
        running.SendAsync(
            PortKind.Site,
            HttpMethod.Post,
            path,
            secret: null,
            request =>
            {
                request.Headers.Add("Accept", "text/html");
                request.Headers.Add("Cookie", cookie);
                request.Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
            }
        );
}
