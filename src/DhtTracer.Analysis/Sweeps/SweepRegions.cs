using System.Collections.Immutable;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>Follows each region over its turns.</summary>
internal static class SweepRegions
{
    /// <summary>Divides the key space as finely as the turns did, and lists the turns of each part.</summary>
    /// <returns>The regions, and the parts without a turn.</returns>
    public static (ImmutableArray<SweepRegion> Regions, ImmutableArray<KeyPrefix> Never) Of(
        ImmutableArray<SweepBatch> batches,
        ImmutableArray<SweepSingle> singles,
        ulong end,
        SweepInterval? interval,
        ImmutableArray<SweepLookup> lookups
    )
    {
        var turns = batches
            .Where(static batch => batch.HasSpans || batch.HasLog)
            .SelectMany(static batch => batch.Visits.Where(static visit => !visit.IsAlone).Select(visit => new Turn(batch, visit)))
            .OrderBy(static turn => turn.Visit.StartUnixNano)
            .ToList();
        var (parts, never) = (new List<KeyPrefix>(), new List<KeyPrefix>());
        Divide(KeyPrefix.Everything, [.. turns.Select(static turn => turn.Visit.Prefix).Distinct()], parts, never);
        return (
            [
                .. parts
                    .Select(part => Region(part, turns.FindAll(turn => turn.IsOf(part)), singles, end, interval, lookups))
                    .Where(static region => !region.Turns.IsEmpty),
            ],
            [.. never]
        );
    }

    private static void Divide(KeyPrefix part, List<KeyPrefix> turned, List<KeyPrefix> parts, List<KeyPrefix> never)
    {
        var inside = turned.FindAll(prefix => part != prefix && part.Contains(prefix));
        if (inside.Count > 0)
        {
            var outside = turned.FindAll(prefix => prefix.Contains(part));
            Divide(part.Left, [.. inside, .. outside], parts, never);
            Divide(part.Right, [.. inside, .. outside], parts, never);
            return;
        }

        (turned.Exists(prefix => prefix.Contains(part)) ? parts : never).Add(part);
    }

    private static SweepRegion Region(
        KeyPrefix part,
        List<Turn> turns,
        ImmutableArray<SweepSingle> singles,
        ulong end,
        SweepInterval? interval,
        ImmutableArray<SweepLookup> lookups
    )
    {
        if (turns.Count == 0)
        {
            return new SweepRegion { Prefix = part };
        }

        long? gap = null;
        for (var i = 1; i < turns.Count; i++)
        {
            gap = Math.Max(gap ?? 0, (long)(turns[i].Visit.StartUnixNano - turns[i - 1].Visit.StartUnixNano));
        }

        var last = turns[^1];
        var since = (long)(end - Math.Min(end, last.Visit.StartUnixNano));
        var keys = turns
            .SelectMany(static turn => turn.Positions)
            .Concat(singles.Select(static single => KeyPrefix.PositionOf(single.Key.AsSpan())))
            .Where(part.Contains)
            .Distinct()
            .Count();
        var answers = lookups
            .Where(lookup => part.Contains(lookup.Key) && lookup.UnixNano >= turns[0].Visit.StartUnixNano)
            .SelectMany(static lookup => lookup.Peers)
            .Where(peer => part.Contains(peer.Peer))
            .ToList();
        return new SweepRegion
        {
            Prefix = part,
            Keys = turns.Exists(static turn => turn.Positions.Length > 0) ? keys : null,
            Turns = [.. turns.Select(static turn => new SweepRegionTurn(turn.Batch, turn.Visit))],
            LongestGapNs = gap,
            SinceLastNs = since,
            IsLate = interval is null ? null : gap > interval.Ns + interval.ToleranceNs,
            IsOverdue = interval is null ? null : since > interval.Ns + interval.ToleranceNs,
            IsFailed = last.FailedIn(part),
            LookupAnswers = answers.Count == 0 ? null : answers.Count,
            LookupsHeld = answers.Count == 0 ? null : answers.Count(static peer => peer.Named),
        };
    }

    private sealed class Turn(SweepBatch batch, SweepVisit visit)
    {
        public SweepBatch Batch => batch;

        public SweepVisit Visit => visit;

        /// <summary>The positions of its keys; empty when only the log tells of it.</summary>
        public ulong[] Positions { get; } = [.. visit.Marks.Select(static mark => mark.Position)];

        /// <summary>Whether the part had this turn. A wider region may have had no key of the part.</summary>
        public bool IsOf(KeyPrefix part) =>
            visit.Prefix.Contains(part) && (Positions.Length == 0 || visit.Prefix == part || Array.Exists(Positions, part.Contains));

        /// <summary>Whether the part's records could not be sent; null without a log.</summary>
        public bool? FailedIn(KeyPrefix part)
        {
            var sends = visit.Sends.Where(send => send.Prefix.Overlaps(part)).ToList();
            return sends.Count > 0 ? sends[^1].Failure is not null
                : batch.HasLog ? batch.Failure is not null
                : null;
        }
    }
}
