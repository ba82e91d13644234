using System.Text.Json;
using DhtTracer.Analysis.Keys;
using DhtTracer.Traces.KuboLogs;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>A line of a Kubo's log about a request for a block: what a peer answered, or why a provider could not be connected.</summary>
public sealed record BlockAnswer : SweepFact
{
    /// <summary><c>block</c>, <c>HAVE</c> or <c>DONT_HAVE</c>; <c>failed</c> for a provider that could not be connected.</summary>
    public required string Answer { get; init; }

    /// <summary>The peer, in base58.</summary>
    public required string Peer { get; init; }

    /// <summary>The CID as in the log; empty for a failed connect, whose line does not name it.</summary>
    public string Cid { get; init; } = "";

    /// <summary>Why the connect failed; empty for an answer.</summary>
    public string Error { get; init; } = "";

    /// <summary>Reads a line; null when it is none of these.</summary>
    /// <param name="line">The line as a fact.</param>
    internal static BlockAnswer? Of(SweepLogEntry line)
    {
        if (
            line.Logger == KuboLogNames.ProviderQueries
            && line.Message.StartsWith(KuboLogNames.ProviderFailure, StringComparison.Ordinal)
            && line.Message[KuboLogNames.ProviderFailure.Length..].Split(": ", 2) is [var failed, var error]
            && PeerText.OrNull(failed) is { } provider
        )
        {
            return Make(line, "failed", provider) with { Error = error };
        }

        return
            line.Logger == KuboLogNames.Bitswap
            && line.Message.StartsWith(KuboLogNames.BitswapAnswer, StringComparison.Ordinal)
            && line.Message[KuboLogNames.BitswapAnswer.Length..] is "block" or "HAVE" or "DONT_HAVE"
            && Field(line.Fields, "cid") is { } cid
            && PeerText.OrNull(Field(line.Fields, "from")) is { } peer
            ? Make(line, line.Message[KuboLogNames.BitswapAnswer.Length..], peer) with
            {
                Cid = cid,
            }
            : null;
    }

    private static BlockAnswer Make(SweepLogEntry line, string answer, string peer) =>
        new()
        {
            Id = line.Id,
            Service = line.Service,
            Instance = line.Instance,
            StartUnixNano = line.StartUnixNano,
            Answer = answer,
            Peer = peer,
        };

    private static string? Field(string json, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty(name, out var value)
                && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
