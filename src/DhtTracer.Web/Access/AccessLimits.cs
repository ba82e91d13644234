using System.Globalization;
using System.Security.Claims;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;

namespace DhtTracer.Web.Access;

/// <summary>
/// Limits of requests: per key where keys are required, per address for requests without one. None where everything is open.
/// </summary>
internal static class AccessLimits
{
    /// <summary>Policy of the login: an address may try only a few times.</summary>
    public const string Login = "login";

    /// <summary>Configures the framework's limiter.</summary>
    public static void Configure(RateLimiterOptions options, AccessRules rules)
    {
        options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context => Partition(context, rules));
        options.AddPolicy(
            Login,
            context =>
                rules.IsRequired
                    ? RateLimitPartition.GetFixedWindowLimiter(
                        "login " + AddressOf(context),
                        _ => new FixedWindowRateLimiterOptions { PermitLimit = rules.LoginTries, Window = TimeSpan.FromMinutes(1) }
                    )
                    : RateLimitPartition.GetNoLimiter("open")
        );
        options.OnRejected = static (rejected, _) => new ValueTask(RejectAsync(rejected));
    }

    private static RateLimitPartition<string> Partition(HttpContext context, AccessRules rules)
    {
        if (!rules.IsRequired)
        {
            return RateLimitPartition.GetNoLimiter("open");
        }

        var id = context.User.FindFirstValue(ClaimTypes.NameIdentifier);
        return id is not null && context.User.Has(KeyKind.Ingest)
            ? Bucket("key " + id, rules.IngestRate, 2)
            : Bucket(id is null ? "address " + AddressOf(context) : "key " + id, rules.SiteRate, 4);
    }

    private static RateLimitPartition<string> Bucket(string name, int rate, int burst) =>
        RateLimitPartition.GetTokenBucketLimiter(
            name,
            _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = rate * burst,
                TokensPerPeriod = rate,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                QueueLimit = 0,
            }
        );

    private static string AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "unknown";

    private static Task RejectAsync(OnRejectedContext rejected)
    {
        var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1);
        rejected.HttpContext.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds))
            .ToString(CultureInfo.InvariantCulture);
        return AccessAnswers.RefuseAsync(rejected.HttpContext, StatusCodes.Status429TooManyRequests);
    }
}
