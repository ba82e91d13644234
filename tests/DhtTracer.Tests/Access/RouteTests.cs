using System.Net;
using System.Text.RegularExpressions;
using DhtTracer.Hosting.Ports;
using DhtTracer.Web.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace DhtTracer.Tests.Access;

/// <summary>Every route of every port: who may use it is said, and kept.</summary>
public sealed partial class RouteTests(RunningWithKeys running) : IClassFixture<RunningWithKeys>
{
    /// <summary>Routes for everyone. Who adds one here says why it tells and changes nothing.</summary>
    private static readonly string[] Open =
    [
        // Styles, scripts and pictures of the program itself; the login page needs them.
        "assets/{version}/{**name}",
        "favicon.ico",
        "login",
        "error/{code:int}",
        // Ports of these stay on loopback unless they are opened by name.
        "status",
        "sampling",
        "baggageRestrictions",
        // Serving or not; load balancers can send no key.
        "grpc.health.v1.Health/Check",
        "grpc.health.v1.Health/Watch",
    ];

    /// <summary>Routes that take POST and only read.</summary>
    private static readonly string[] ReadingByPost =
    [
        "mcp",
        "metrics",
        // Answers 404 to everything.
        "api/v1/{*path:nonfile}",
        "api/transform",
        // Answers that there is no archive storage.
        "api/archive/{id}",
        "jaeger.api_v2.QueryService/",
        "jaeger.api_v3.QueryService/",
        "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ];

    private IReadOnlyList<RouteEndpoint> Routes =>
        [.. running.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    [Fact]
    public void Every_route_says_who_may_use_it()
    {
        Assert.True(Routes.Count > 80, $"only {Routes.Count} routes were found");
        Assert.Empty(
            Routes
                .Where(static route => route.Metadata.GetMetadata<IAuthorizeData>() is null && !IsOpen(route))
                .Select(static route => route.DisplayName)
        );
        Assert.All(
            Routes.Where(IsOpen).Select(Pattern).Where(IsOurs).Distinct(StringComparer.Ordinal),
            static pattern => Assert.Contains(pattern, Open)
        );
    }

    [Fact]
    public void A_route_that_takes_more_than_get_needs_an_operator_or_is_known_to_only_read()
    {
        var unknown =
            from route in Routes
            let methods = route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
            where methods.Any(static method => method is not ("GET" or "HEAD" or "OPTIONS"))
            let policies = route.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(static data => data.Policy).ToList()
            where policies.Contains(AccessPolicies.Reader) && !policies.Contains(AccessPolicies.Operator)
            let pattern = Pattern(route)
            where IsOurs(pattern) && !ReadingByPost.Any(known => pattern.StartsWith(known, StringComparison.Ordinal))
            select $"{string.Join(',', methods)} {pattern}";
        Assert.Empty(unknown);
    }

    [Fact]
    public async Task Without_a_key_no_route_of_any_port_answers()
    {
        var answered = new List<string>();
        foreach (
            var port in PortTable.Main.Where(static port => port is { Protocol: PortProtocol.Http1, CarriesKey: true, Name: not "zipkin" })
        )
        {
            foreach (var route in Routes.Where(static route => !IsOpen(route)))
            {
                foreach (var method in Methods(route))
                {
                    using var response = await running.SendAsync(port.Kind, method, Sample(route));
                    if (response.StatusCode != HttpStatusCode.Unauthorized)
                    {
                        answered.Add($"{port.Name} {method} {Sample(route)}: {response.StatusCode}");
                    }
                }
            }
        }

        Assert.Empty(answered);
    }

    [Fact]
    public async Task With_a_readers_key_no_page_takes_a_form_and_every_route_of_the_site_can_be_read()
    {
        var wrong = new List<string>();
        var posted = 0;
        foreach (var route in Routes.Where(static route => !IsOpen(route)))
        {
            var isPage = route.Metadata.GetMetadata<PageActionDescriptor>() is not null;
            foreach (var method in isPage ? [HttpMethod.Get, HttpMethod.Post] : Methods(route))
            {
                if (Pattern(route).Contains("events", StringComparison.Ordinal) || !IsOnSite(route))
                {
                    continue;
                }

                using var response = await running.SendAsync(PortKind.Site, method, Sample(route), running.Secret(KeyKind.Reader));
                var refused = response.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized;
                var acts = method != HttpMethod.Get && !ReadingByPost.Contains(Pattern(route), StringComparer.Ordinal);
                posted += acts ? 1 : 0;
                if (refused != acts)
                {
                    wrong.Add($"{method} {Sample(route)}: {response.StatusCode}");
                }
            }
        }

        Assert.Empty(wrong);
        Assert.True(posted > 15, $"only {posted} forms were tried");
    }

    [Theory]
    [InlineData(KeyKind.Ingest)]
    [InlineData(KeyKind.Reader)]
    [InlineData(KeyKind.Operator)]
    public async Task A_key_opens_the_ports_of_its_kind_only(KeyKind kind)
    {
        foreach (
            var (port, method, path, allowed) in new[]
            {
                (PortKind.Site, HttpMethod.Get, "/api/v1/ingest", kind != KeyKind.Ingest),
                (PortKind.Site, HttpMethod.Get, "/metrics", kind != KeyKind.Ingest),
                (PortKind.JaegerQueryHttp, HttpMethod.Get, "/api/services", kind != KeyKind.Ingest),
                (PortKind.OtlpHttp, HttpMethod.Post, "/v1/traces", kind == KeyKind.Ingest),
                (PortKind.JaegerThriftHttp, HttpMethod.Post, "/api/traces", kind == KeyKind.Ingest),
            }
        )
        {
            using var response = await running.SendAsync(port, method, path, running.Secret(kind));
            Assert.True(response.StatusCode == HttpStatusCode.Forbidden != allowed, $"{kind} on {port} {path}: {(int)response.StatusCode}");
            Assert.NotEqual(HttpStatusCode.Unauthorized, response.StatusCode);
        }
    }

    private static bool IsOpen(RouteEndpoint route) => route.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    private static string Pattern(RouteEndpoint route) => (route.RoutePattern.RawText ?? "").TrimStart('/');

    // gRPC adds routes of its own that answer UNIMPLEMENTED for all other services and methods.
    private static bool IsOurs(string pattern) =>
        !pattern.StartsWith('{') && !pattern.Contains("{unimplementedMethod", StringComparison.Ordinal);

    private static bool IsOnSite(RouteEndpoint route) =>
        route.Metadata.GetMetadata<PageActionDescriptor>() is not null
        || Pattern(route) is var pattern
            && (
                pattern.StartsWith("api/v1", StringComparison.Ordinal)
                || pattern.EndsWith(".csv", StringComparison.Ordinal)
                || pattern.StartsWith("queries", StringComparison.Ordinal)
                || pattern is "metrics"
            );

    private static IEnumerable<HttpMethod> Methods(RouteEndpoint route) =>
        (route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST"])
            .Where(static method => method != "HEAD")
            .Select(static method => new HttpMethod(method));

    private static string Sample(RouteEndpoint route) => "/" + Parameter().Replace(Pattern(route), "1");

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();
}
