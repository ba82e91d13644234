using DhtTracer.Analysis.Dialects.Go;
using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>
/// Fills what bitswap's spans do not tell of found providers with the daemon's log: who sent the block, what each provider answered, and
/// the error of a connect whose message the spans lost.
/// </summary>
public static class FateLog
{
    /// <summary>The log has milliseconds, and its lines are written a moment after what they tell. One second is far above both.</summary>
    public const ulong ToleranceNs = 1_000_000_000;

    /// <summary>The time whose lines can tell something of a request.</summary>
    /// <param name="startUnixNano">Start of the operation, in nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="fates">What its spans tell.</param>
    public static (ulong FromUnixNano, ulong ToUnixNano) TimeOf(ulong startUnixNano, ProviderFates fates)
    {
        var end = Math.Max(fates.BlockNs ?? 0, fates.EndNs ?? 0);
        foreach (var provider in fates.Providers)
        {
            end = Math.Max(end, Math.Max(provider.ConnectedNs ?? 0, provider.FailedNs ?? 0));
        }

        return (startUnixNano - Math.Min(startUnixNano, ToleranceNs), startUnixNano + (ulong)Math.Max(0, end) + ToleranceNs);
    }

    /// <summary>Fills a request.</summary>
    /// <param name="fates">What its spans tell. What they tell stays.</param>
    /// <param name="startUnixNano">Start of the operation, in nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="answers">Lines of the same daemon, in any order. Those of other times and other blocks are left out.</param>
    /// <returns>The same object when the log adds nothing.</returns>
    public static ProviderFates Fill(ProviderFates fates, ulong startUnixNano, IEnumerable<BlockAnswer> answers)
    {
        if (!Cid.TryParse(fates.Cid, out var cid))
        {
            return fates;
        }

        var (from, to) = TimeOf(startUnixNano, fates);
        var inTime = answers
            .Where(line => line.StartUnixNano >= from && line.StartUnixNano <= to)
            .OrderBy(static line => line.StartUnixNano)
            .ToList();
        var ofBlock = inTime
            .Where(line => Cid.TryParse(line.Cid, out var other) && other.Multihash.Bytes.SequenceEqual(cid.Multihash.Bytes))
            .ToLookup(static line => line.Peer, StringComparer.Ordinal);
        var failures = inTime.Where(static line => line.Error.Length > 0).ToLookup(static line => line.Peer, StringComparer.Ordinal);
        if (ofBlock.Count == 0 && failures.Count == 0)
        {
            return fates;
        }

        return fates with
        {
            SentBy = ofBlock
                .SelectMany(static peer => peer)
                .Where(static line => line.Answer == "block")
                .MinBy(static line => line.StartUnixNano)
                ?.Peer,
            Providers =
            [
                .. fates.Providers.Select(provider =>
                    Failed(provider, startUnixNano, failures[provider.Peer]) with
                    {
                        Answer = AnswerOf(ofBlock[provider.Peer]),
                    }
                ),
            ],
        };
    }

    private static ProviderFate Failed(ProviderFate provider, ulong startUnixNano, IEnumerable<BlockAnswer> failures)
    {
        // Another request may have failed to connect to the same peer. The first failure after bitswap took it is its own.
        var line = provider is { Step: ProviderStep.FailedUnsaid, FoundNs: { } found }
            ? failures.FirstOrDefault(line => line.StartUnixNano + (ToleranceNs / 100) >= startUnixNano + (ulong)Math.Max(0, found))
            : null;
        return line is null
            ? provider
            : provider with
            {
                Step = ProviderStep.Failed,
                Failure = GoConnectFailure.Of(line.Error),
                ErrorText = line.Error,
                FailedNs = (long)(line.StartUnixNano - Math.Min(startUnixNano, line.StartUnixNano)),
            };
    }

    private static ProviderAnswer? AnswerOf(IEnumerable<BlockAnswer> lines) =>
        lines
            .Select(static line =>
                line.Answer switch
                {
                    "block" => ProviderAnswer.Block,
                    "HAVE" => ProviderAnswer.Have,
                    "DONT_HAVE" => ProviderAnswer.DontHave,
                    _ => (ProviderAnswer?)null,
                }
            )
            .Max();
}
