using System.CommandLine;
using System.Globalization;
using DhtTracer.Output;
using DhtTracer.Storage;
using DhtTracer.Storage.Queries;
using DhtTracer.Web.Search;

namespace DhtTracer.Cli;

/// <summary>
/// The filters of the operations list as options. Names and values are the same as in the URL of the site's list, and the same code parses
/// them.
/// </summary>
internal sealed class QueryFilterOptions
{
    private static readonly (string Name, string Option, string Value, string Description)[] Texts =
    [
        (
            "q",
            "--set",
            "FILTER",
            "Only operations of this filter, such as 'type:get-providers -outcome:failed slower:2s since:24h'. The page /filters of the "
                + "site lists all conditions."
        ),
        (
            "key",
            "--key",
            "K",
            "Only operations of this key: CID, peer id, multihash, gateway URL or /ipns/ name in any encoding, or the beginning or "
                + "the last characters of its text."
        ),
        ("peer", "--peer", "PEER", "Only operations that dialed or asked this peer."),
        ("type", "--type", "TYPE", "Only operations of this type, such as get-providers."),
        ("outcome", "--outcome", "OUTCOME", "Only operations that ended so, such as success or timed-out."),
        ("lint", "--lint", "RULE", "Only operations that break this rule of lookups, such as DHT003."),
        ("error", "--error", "CLASS", "Only operations that failed with this class of error, such as dial-timeout."),
        (
            "source",
            "--source",
            "SOURCE",
            "Only operations from this kind of spans: native, go-libp2p-kad-dht, js-libp2p, rust-libp2p, litep2p, kubo-events, "
                + "eventlog-2019, request-trace."
        ),
        ("service", "--service", "NAME", "Only operations of this service.name."),
        ("node", "--node", "PEER", "Only operations of this node."),
        ("min", "--min", "DURATION", "Only operations that took at least this long, such as 1.5s."),
        ("max", "--max", "DURATION", "Only operations that took at most this long."),
        ("minhops", "--min-hops", "N", "Only operations with at least so many hops."),
        ("maxhops", "--max-hops", "N", "Only operations with at most so many hops."),
        ("alpha", "--alpha", "N", "Only operations with this alpha."),
        ("from", "--from", "TIME", "Only operations that started at or after this time (UTC), such as 2026-11-22 or 2026-11-22T08:44."),
        ("to", "--to", "TIME", "Only operations that started before this time (UTC)."),
    ];

    private readonly List<(string Name, Option<string?> Option)> _texts =
    [
        .. Texts.Select(static text =>
            (text.Name, new Option<string?>(text.Option) { Description = text.Description, HelpName = text.Value })
        ),
    ];

    private readonly Option<TimeSpan> _since = new("--since")
    {
        Description = "Only operations that started within this time, such as 24h.",
        HelpName = "DURATION",
        CustomParser = DurationValue.Parse,
    };
    private readonly Option<bool> _background = new("--background")
    {
        Description = "Also what nodes do for themselves (refresh, bootstrap, probes, sweeping provide).",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var (_, option) in _texts)
        {
            command.Options.Add(option);
        }

        command.Options.Add(_since);
        command.Options.Add(_background);
    }

    /// <summary>Whether any of them was given.</summary>
    public bool Given(ParseResult result) => Parameters(result).Count > 0 || result.GetValue(_since).Ticks > 0;

    /// <param name="result">The parsed command line.</param>
    /// <param name="clock">For <c>--since</c>.</param>
    /// <exception cref="CommandFailedException">A value is invalid. The message names the valid ones.</exception>
    public QueryListAddress Read(ParseResult result, TimeProvider clock)
    {
        var parameters = Parameters(result);
        if (
            result.GetValue(_since) is { Ticks: > 0 } span
            && !parameters.TryAdd(
                "from",
                (clock.GetUtcNow() - span).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture)
            )
        )
        {
            throw new CommandFailedException("--since and --from both say where to begin: give one of them.", ExitCode.Usage);
        }

        return Valid(QueryListAddress.Parse(parameters, clock.GetUtcNow()));
    }

    /// <summary>The filter of an address, with the peers that are named by the end of their ids.</summary>
    /// <exception cref="CommandFailedException">An end fits no peer, or several.</exception>
    public static async Task<QueryFilter> ResolveAsync(QueryListAddress address, TraceStore store, CancellationToken cancellation) =>
        Valid(await address.ResolveAsync(store, cancellation)).Filter;

    private static QueryListAddress Valid(QueryListAddress address) =>
        address.Problems.Count == 0 ? address : throw new CommandFailedException(string.Join(' ', address.Problems), ExitCode.Usage);

    private Dictionary<string, string> Parameters(ParseResult result)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, option) in _texts)
        {
            if (result.GetValue(option) is { } value)
            {
                parameters[name] = value;
            }
        }

        if (result.GetValue(_background))
        {
            parameters["background"] = "1";
        }

        return parameters;
    }
}
