using System.Text;
using System.Text.RegularExpressions;

namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// Finds out which Jaeger answers. Its page names the version, but not in every release (v2.13's is empty) and only over HTTP; what it
/// does tells the rest: v1 takes a search depth of zero, memory storages of v2 do not, trace summaries exist since v2.19, and releases
/// after v2.20 have no HTTP v1 search.
/// </summary>
internal static partial class JaegerRecognition
{
    /// <summary>A service that nobody has: the questions are about the server, not about traces.</summary>
    private const string Nobody = "dht-tracer-asks-for-nobody";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks. What does not answer stays unknown; a pull does not depend on it.</summary>
    /// <param name="reader">The reader in use.</param>
    /// <param name="http">Where HTTP may be; null when it may not be asked.</param>
    /// <param name="options">How to connect.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>Who answers trace summaries, or null; and a name for people.</returns>
    public static async Task<(IJaegerReader? Summaries, string Server)> RecogniseAsync(
        IJaegerReader reader,
        Uri? http,
        PullOptions options,
        CancellationToken cancellationToken
    )
    {
        options = options with { RequestTimeout = options.RequestTimeout < Patience ? options.RequestTimeout : Patience };
        var summaries = await HasSummariesAsync(reader, cancellationToken) ? reader : null;
        if (summaries is null && http is not null && reader.Transport is PullTransport.Grpc or PullTransport.GrpcV3)
        {
            var neighbour = new HttpV3JaegerReader(http, options);
            if (await HasSummariesAsync(neighbour, cancellationToken))
            {
                summaries = neighbour;
            }
            else
            {
                neighbour.Dispose();
            }
        }

        using var pages = http is null ? null : new JaegerHttp(http, options);
        if (pages is not null && await VersionAsync(pages, cancellationToken) is { } version)
        {
            return (summaries, $"Jaeger {version}");
        }

        if (summaries is not null)
        {
            return (summaries, await HasV1SearchAsync(pages, cancellationToken) is false ? "Jaeger after v2.20" : "Jaeger v2.19 or later");
        }

        return (
            null,
            await TakesDepthZeroAsync(reader, cancellationToken) switch
            {
                true => "Jaeger v1, or v2 before v2.19 without memory storage",
                false => "Jaeger v2 before v2.19",
                null => "Jaeger of an unknown release",
            }
        );
    }

    private static TimeWindow LongAgo => new(0, TimeWindow.Microsecond);

    private static async Task<bool> HasSummariesAsync(IJaegerReader reader, CancellationToken cancellationToken)
    {
        try
        {
            await reader.FindSummariesAsync(Nobody, LongAgo, 1, cancellationToken);
            return true;
        }
        catch (JaegerReadException)
        {
            return false;
        }
    }

    private static async Task<bool?> TakesDepthZeroAsync(IJaegerReader reader, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var _ in reader.FindTracesAsync(Nobody, LongAgo, 0, cancellationToken))
            {
                break;
            }

            return true;
        }
        catch (JaegerReadException e)
        {
            return e.Problem == JaegerReadProblem.DepthRefused ? false : null;
        }
    }

    private static async Task<bool?> HasV1SearchAsync(JaegerHttp? pages, CancellationToken cancellationToken)
    {
        try
        {
            return pages is null ? null : await pages.GetAsync("/api/services", cancellationToken) is not null;
        }
        catch (JaegerReadException)
        {
            return null;
        }
    }

    /// <summary>The page of the UI holds <c>JAEGER_VERSION = {"gitCommit":"…","gitVersion":"v1.76.0","buildDate":"…"};</c>.</summary>
    private static async Task<string?> VersionAsync(JaegerHttp pages, CancellationToken cancellationToken)
    {
        try
        {
            var page = await pages.GetAsync("/", cancellationToken);
            return page is { } body && PageVersion().Match(Encoding.UTF8.GetString(body.Span)) is { Success: true } match
                ? match.Groups["version"].Value
                : null;
        }
        catch (JaegerReadException)
        {
            return null;
        }
    }

    [GeneratedRegex(
        "JAEGER_VERSION\\s*=\\s*\\{[^}]{0,500}\"gitVersion\":\"(?<version>v[0-9][0-9A-Za-z.+-]{0,40})\"",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex PageVersion();
}
