using DhtTracer.Ingestion.Sink;
using DhtTracer.Output;
using DhtTracer.Web.Access;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.HttpOverrides;

namespace DhtTracer.Hosting.Ports;

/// <summary>
/// Gives each port its own pipeline, and sends each request to the pipeline of the port that accepted its connection. A branch of a
/// <see cref="WebApplication"/> has its own routes, so an endpoint cannot be reached on another port, and two ports may use the same path.
/// </summary>
internal static class PortPipelines
{
    private const int MaxShownName = 100;

    /// <summary>Builds the pipelines and makes them the end of the application's pipeline.</summary>
    public static void UsePorts(this WebApplication app, OpenPorts ports)
    {
        // Each port has checks of its own. WebApplication would put the same ones before all ports, and before the check of names.
        ((IApplicationBuilder)app).Properties["__AuthenticationMiddlewareSet"] = true;
        ((IApplicationBuilder)app).Properties["__AuthorizationMiddlewareSet"] = true;
        foreach (var port in ports.Http)
        {
            var branch = ((IApplicationBuilder)app).New();
            branch.Use(RequestOrigins.Of(port, ports).CheckAsync);
            if (port.IsOpenWithoutKey)
            {
                branch.Use(
                    static (context, next) =>
                    {
                        context.Features.Set(OpenWithoutKey.Mark);
                        return next(context);
                    }
                );
            }

            if (port.Row.CorsMethods is { Count: > 0 } methods && ports.Settings.CorsOrigins.Count > 0)
            {
                branch.UseCors(policy => Allow(policy, ports.Settings.CorsOrigins, methods));
            }

            port.Row.Map?.Invoke(branch);
            port.Pipeline = branch.Build();
        }

        if (ports.Settings.Proxies.Count > 0)
        {
            var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All, ForwardLimit = null };
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var proxy in ports.Settings.Proxies)
            {
                forwarded.KnownIPNetworks.Add(proxy);
            }

            app.UseForwardedHeaders(forwarded);
        }

        var statistics = app.Services.GetService<IngestStatistics>();
        app.Run(context => AnswerAsync(context, statistics));
    }

    // Exporters add their own headers; their content is ignored.
    private static void Allow(CorsPolicyBuilder policy, IReadOnlyList<string> origins, IReadOnlyList<string> methods)
    {
        policy.WithMethods([.. methods]).AllowAnyHeader().SetPreflightMaxAge(TimeSpan.FromHours(1));
        if (origins.Contains("*"))
        {
            policy.AllowAnyOrigin();
        }
        else
        {
            policy.WithOrigins([.. origins]);
        }
    }

    private static Task AnswerAsync(HttpContext context, IngestStatistics? statistics)
    {
        var port = context.Features.GetRequiredFeature<OpenPort>();
        if (!port.Names.Answers(context.Request.Host.Host))
        {
            return RefuseNameAsync(context, port, statistics);
        }

        // It would send headers back, which a page must not see (https://www.rfc-editor.org/rfc/rfc9110#name-trace).
        if (HttpMethods.IsTrace(context.Request.Method))
        {
            return SayAsync(context, StatusCodes.Status405MethodNotAllowed, "TRACE is not answered.");
        }

        return context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Length > port.Row.MaxTarget
            ? SayAsync(context, StatusCodes.Status414UriTooLong, $"The address is longer than {port.Row.MaxTarget} bytes.")
            : port.Pipeline(context);
    }

    private static Task RefuseNameAsync(HttpContext context, OpenPort port, IngestStatistics? statistics)
    {
        var reason = port.Names.Refusal(PlainText.End(PlainText.Safe(context.Request.Host.Host), MaxShownName));
        if (port.Row.Receiver is { } receiver && HttpMethods.IsPost(context.Request.Method))
        {
            statistics?.CountRefused(receiver, reason);
        }

        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) != true)
        {
            return SayAsync(context, StatusCodes.Status421MisdirectedRequest, reason);
        }

        // gRPC clients do not show a body to their user, so answer PERMISSION_DENIED without a message.
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = "7";
        context.Response.Headers["grpc-message"] = Uri.EscapeDataString(reason);
        return Task.CompletedTask;
    }

    private static Task SayAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }
}
