using System.Numerics;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>One lookup of an exploration.</summary>
/// <param name="Fact">The lookup.</param>
/// <param name="Asked">
/// The first <see cref="Exploring.AskedBits"/> bits of what it looked for: the asked prefix, continued with the node's own bits.
/// </param>
internal readonly record struct ExploringLookup(SweepExploration Fact, KeyPrefix Asked);

/// <summary>
/// The lookups with which a sweep explores one part of the key space before it sends records there, one after the other. Each asks for the
/// next part that the answers before it do not cover. Several explorations may run at once.
/// </summary>
/// <param name="first">The first lookup.</param>
/// <param name="ownBits">The node's own position; null when unknown.</param>
internal sealed class Exploring(ExploringLookup first, ulong? ownBits)
{
    /// <summary>The sweep looks for a key with a chosen prefix of at most this many bits.</summary>
    public const int AskedBits = 15;

    /// <summary>Longest pause between two lookups of one exploration, and between an exploration and the marks of its keys.</summary>
    public const ulong LongestPauseNs = 60_000_000;

    /// <summary>Two spans of one goroutine may seem to overlap by this much.</summary>
    private const ulong ClockNs = 1_000_000;

    private readonly List<ExploringLookup> _lookups = [first];

    /// <summary>The lookups, by start.</summary>
    public IReadOnlyList<ExploringLookup> Lookups => _lookups;

    /// <summary>Start, in nanoseconds since 1970-01-01 UTC.</summary>
    public ulong StartUnixNano => _lookups[0].Fact.StartUnixNano;

    /// <summary>End of the last lookup.</summary>
    public ulong EndUnixNano => _lookups[^1].Fact.EndUnixNano;

    /// <summary>
    /// The part that is explored: what all lookups have in common. Of a single lookup, the bits before those that are the node's own, which
    /// may be too few; null when the own bits are unknown or say nothing.
    /// </summary>
    public KeyPrefix? Prefix { get; private set; } = AskedOf(first.Asked, ownBits);

    /// <summary>Groups lookups into explorations, by start.</summary>
    public static List<Exploring> Of(IEnumerable<ExploringLookup> lookups, ulong? ownBits)
    {
        var all = new List<Exploring>();
        var open = new List<Exploring>();
        foreach (var lookup in lookups.OrderBy(static lookup => lookup.Fact.StartUnixNano))
        {
            open.RemoveAll(exploring => exploring.EndUnixNano + LongestPauseNs < lookup.Fact.StartUnixNano);
            Exploring? best = null;
            (bool Inside, ulong End) bestFit = default;
            foreach (var exploring in open)
            {
                if (exploring.Fits(lookup) is { } inside)
                {
                    var fit = (inside, exploring.EndUnixNano);
                    if (best is null || fit.CompareTo(bestFit) > 0)
                    {
                        (best, bestFit) = (exploring, fit);
                    }
                }
            }

            if (best is null)
            {
                best = new Exploring(lookup, ownBits);
                all.Add(best);
                open.Add(best);
            }
            else
            {
                best.Add(lookup);
            }
        }

        return all;
    }

    /// <summary>
    /// Whether the lookup can be the next one: null if not, true if it is inside the part, false if it makes the part one bit wider, which
    /// the sweep does when the part has too few peers.
    /// </summary>
    private bool? Fits(ExploringLookup lookup)
    {
        if (
            lookup.Fact.StartUnixNano + ClockNs < EndUnixNano
            || lookup.Fact.StartUnixNano > EndUnixNano + LongestPauseNs
            || _lookups.Exists(known => known.Asked == lookup.Asked)
        )
        {
            return null;
        }

        if (Prefix is not { } prefix)
        {
            return first.Asked.Common(lookup.Asked).Length >= 1 ? true : null;
        }

        return prefix.Contains(lookup.Asked) ? true
            : prefix.Common(lookup.Asked).Length == prefix.Length - 1 ? false
            : null;
    }

    private void Add(ExploringLookup lookup)
    {
        _lookups.Add(lookup);
        Prefix = _lookups.Select(static known => known.Asked).Aggregate(static (left, right) => left.Common(right));
    }

    private static KeyPrefix? AskedOf(KeyPrefix asked, ulong? ownBits)
    {
        if (ownBits is not { } own)
        {
            return null;
        }

        // The bits after the last one that differs from the node's own are its own.
        var differing = (asked.First ^ own) & (ulong.MaxValue << (KeyPrefix.MaxLength - AskedBits));
        var length = differing == 0 ? 0 : KeyPrefix.MaxLength - BitOperations.TrailingZeroCount(differing);
        return length == 0 ? null : new KeyPrefix(asked.First, length);
    }
}
