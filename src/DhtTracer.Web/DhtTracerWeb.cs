using System.IO.Compression;
using DhtTracer.Web.Access;
using DhtTracer.Web.Alarms;
using DhtTracer.Web.Analysed;
using DhtTracer.Web.Api;
using DhtTracer.Web.Assets;
using DhtTracer.Web.Assistants;
using DhtTracer.Web.Exports;
using DhtTracer.Web.Ingest;
using DhtTracer.Web.Metrics;
using DhtTracer.Web.Node;
using DhtTracer.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Web;

/// <summary>The site, as one line for services and one for the application that hosts it.</summary>
public static class DhtTracerWeb
{
    /// <summary>
    /// Adds what the pages need. The host adds beside it the store of traces, the statistics of its sink, the status of its pulls, its
    /// analysis worker, an <see cref="Ingest.IngestSetup"/>, a <see cref="Node.NodeAddress"/>, and an <see cref="Samples.ISampleLoader"/>;
    /// a <see cref="Node.KuboConnection"/> when the operator named a Kubo, and <see cref="AlarmOptions"/> when alarms are sent. It runs
    /// <see cref="AlarmWebhooks"/> and <see cref="AlarmWatch"/>.
    /// </summary>
    /// <param name="services">Where to.</param>
    /// <param name="access">Who may do what; null if everyone may do everything.</param>
    public static IServiceCollection AddDhtTracerWeb(this IServiceCollection services, AccessRules? access = null)
    {
        services.AddSingleton<SiteAssets>();
        services.AddSingleton<IngestReader>();
        services.AddSingleton<Arrivals>();
        services.AddSingleton<Uploads>();
        services.AddSingleton<NodeClient>();
        services.AddSingleton(static provider => new KuboRunner(
            provider.GetService<KuboConnection>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<KuboRunner>>()
        ));
        ApiEndpoints.AddServices(services);
        AssistantEndpoint.AddServices(services);
        MetricsEndpoint.AddServices(services);
        services.AddSingleton<AnalysedTraces>();
        services.TryAddSingleton(AlarmOptions.None);
        services.AddSingleton<AlarmWebhooks>();
        services.AddSingleton<AlarmWatch>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddAccess(access ?? new AccessRules());
        services
            .AddRazorPages(static pages => pages.Conventions.AuthorizeFolder("/", AccessPolicies.Page))
            .AddApplicationPart(typeof(DhtTracerWeb).Assembly);
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "dht-tracer-form";
            options.Cookie.SameSite = SameSiteMode.Strict;
        });

        // Pages hold no secret that an attacker could guess by the length of a compressed answer (BREACH): the form token is masked anew
        // each time.
        services.AddResponseCompression(options =>
        {
            options.EnableForHttps = true;
            options.Providers.Add<BrotliCompressionProvider>();
            options.Providers.Add<GzipCompressionProvider>();
            options.MimeTypes = ["text/html", "application/json", "text/csv", "image/svg+xml", "text/plain"];
        });
        services.Configure<BrotliCompressionProviderOptions>(options => options.Level = CompressionLevel.Fastest);
        services.Configure<GzipCompressionProviderOptions>(options => options.Level = CompressionLevel.Fastest);
        return services;
    }

    /// <summary>Puts the site on the pipeline of its port: headers, compression, error pages, assets, pages and API.</summary>
    public static void UseDhtTracerWeb(this IApplicationBuilder app)
    {
        app.Use(SecurityHeaders.AddAsync);
        app.UseExceptionHandler("/error/500");
        app.UseStatusCodePagesWithReExecute("/error/{0}");
        app.UseResponseCompression();
        app.UseRouting();
        app.UseAccess();
        app.UseEndpoints(static endpoints =>
        {
            endpoints.ServiceProvider.GetRequiredService<SiteAssets>().Map(endpoints.MapGroup("").AllowAnonymous());
            endpoints.MapRazorPages();

            // The tools of /mcp only read, although they are called by POST.
            var reading = endpoints.MapGroup("").RequireAuthorization(AccessPolicies.Reader);
            ApiEndpoints.Map(reading);
            ExportEndpoints.Map(reading);
            NetworkApi.MapCsv(reading);
            AssistantEndpoint.Map(reading);
            MetricsEndpoint.Map(reading);
        });
    }
}
