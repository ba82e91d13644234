using System.CommandLine;
using System.Globalization;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Formats;

namespace DhtTracer.Cli;

/// <summary>
/// Options of <c>import</c> that add what the input does not contain: for saved Kubo query events and logs of Rust nodes.
/// </summary>
internal sealed class ImportHintOptions
{
    /// <summary>Maximum length of a key, in characters. The longest key of libp2p has about 100.</summary>
    private const int LongestKey = 2000;

    private static readonly QueryType[] Types = [.. Enum.GetValues<QueryType>().Where(type => type != QueryType.Unknown)];

    private readonly Option<string?> _key = new("--key")
    {
        Description = "What was looked for (a CID, a peer id, a record key), for query events and logs that do not tell it.",
        HelpName = "KEY",
    };

    private readonly Option<string?> _type = new("--type")
    {
        Description = $"What was asked, for query events and logs that do not tell it: {string.Join(", ", Types.Select(Words.Of))}.",
        HelpName = "TYPE",
    };

    private readonly Option<string?> _node = new("--node-id")
    {
        Description = "Peer id of the node that asked, for query events that do not tell it.",
        HelpName = "PEER",
    };

    private readonly Option<string?> _at = new("--at")
    {
        Description = "When it began, such as 2026-11-30T05:33Z, for query events, which hold no times.",
        HelpName = "TIME",
    };

    /// <summary>Creates the options and their validation.</summary>
    public ImportHintOptions()
    {
        _key.Validators.Add(result =>
            result.Require(
                result.GetValueOrDefault<string?>() is not ({ Length: 0 or > LongestKey }),
                $"--key takes a key of 1 to {LongestKey} characters."
            )
        );
        _type.Validators.Add(result =>
            result.Require(
                result.GetValueOrDefault<string?>() is not { } text
                    || (Words.TryParse<QueryType>(text, out var known) && Types.Contains(known)),
                $"--type takes one of {string.Join(", ", Types.Select(Words.Of))}."
            )
        );
        _node.Validators.Add(result =>
            result.Require(
                result.GetValueOrDefault<string?>() is not { } text || PeerId.TryParse(text, out _),
                "--node-id takes a peer id."
            )
        );
        _at.Validators.Add(result =>
            result.Require(
                result.GetValueOrDefault<string?>() is not { } text || Time(text) is not null,
                "--at takes a time since 1970 such as 2026-11-30T05:33:52Z."
            )
        );
    }

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _key, _type, _node, _at })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The hints given on the command line.</summary>
    public TraceHints Read(ParseResult result) =>
        new()
        {
            Key = result.GetValue(_key),
            Type = result.GetValue(_type),
            Node = result.GetValue(_node) is { } id && PeerId.TryParse(id, out var peer) ? peer.ToString() : null,
            StartUnixNano = result.GetValue(_at) is { } text ? Time(text) : null,
        };

    /// <summary>A time without a zone is UTC.</summary>
    private static ulong? Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        && time > DateTimeOffset.UnixEpoch
            ? (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100
            : null;
}
