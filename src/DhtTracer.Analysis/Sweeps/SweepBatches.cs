using System.Collections.Immutable;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>Joins what spans tell of explorations and their regions with what the log tells of them.</summary>
internal static class SweepBatches
{
    /// <summary>
    /// A line about a region is written at most this long before its first mark, in nanoseconds: the log has milliseconds.
    /// </summary>
    private const ulong ClockNs = 2_000_000;

    /// <summary>The sweep provides up to this many keys of a region one by one.</summary>
    private const int MostAlone = 2;

    /// <summary>Joins them. What only one side tells stands alone.</summary>
    /// <param name="explorations">From spans.</param>
    /// <param name="groups">The regions of each exploration.</param>
    /// <param name="log">The lines.</param>
    /// <param name="longestNs">Longest time between the line about the start and the first lookup, in nanoseconds.</param>
    public static ImmutableArray<SweepBatch> Join(List<Exploring> explorations, MarkGroups groups, SweepLog log, ulong longestNs)
    {
        var batches = new List<SweepBatch>();
        var free = log.Batches.ToList();
        var sends = log.Sends.ToList();
        foreach (var exploring in explorations)
        {
            var batch = OfSpans(exploring, groups.Of(exploring));
            var line = free.Where(line =>
                    line.Prefix.Overlaps(batch.Prefix) && Distance(line.StartUnixNano, batch.StartUnixNano) <= longestNs
                )
                .MinBy(line => Distance(line.StartUnixNano, batch.StartUnixNano));
            if (line is not null)
            {
                free.Remove(line);
                batch = batch with
                {
                    IsReprovide = line.IsReprovide,
                    LoggedKeys = line.Keys,
                    LoggedNs = line.DurationNs,
                    EndUnixNano = line.EndUnixNano ?? batch.EndUnixNano,
                    Failure = line.Failure,
                };
            }

            batches.Add(batch);
        }

        foreach (var visit in groups.Unexplored)
        {
            batches.Add(
                new SweepBatch
                {
                    Prefix = visit.Prefix,
                    StartUnixNano = visit.StartUnixNano,
                    EndUnixNano = visit.EndUnixNano,
                    Visits = [visit],
                }
            );
        }

        AddSends(batches, sends);
        foreach (var line in free)
        {
            batches.Add(OfLog(line, sends));
        }

        return [.. batches.OrderBy(static batch => batch.StartUnixNano).ThenBy(static batch => batch.Prefix)];
    }

    private static SweepBatch OfSpans(Exploring exploring, ImmutableArray<SweepVisit> visits)
    {
        var (answered, failed) = (new HashSet<ulong>(), new HashSet<ulong>());
        foreach (var lookup in exploring.Lookups)
        {
            answered.UnionWith(lookup.Fact.Answered);
            failed.UnionWith(lookup.Fact.Failed);
        }

        failed.ExceptWith(answered);
        return new SweepBatch
        {
            Prefix = exploring.Prefix ?? (visits is [var only, ..] ? only.Prefix : exploring.Lookups[0].Asked),
            StartUnixNano = exploring.StartUnixNano,
            EndUnixNano = visits.IsEmpty ? null : visits.Max(static visit => visit.EndUnixNano),
            ExploredUnixNano = exploring.EndUnixNano,
            FirstLookup = exploring.Lookups[0].Fact.Id,
            Lookups = exploring.Lookups.Count,
            Answered = answered.Count,
            Failed = failed.Count,
            Visits = visits,
        };
    }

    /// <summary>Gives each line about a region to the last turn of the region that began before it.</summary>
    private static void AddSends(List<SweepBatch> batches, List<SweepSend> sends)
    {
        var places = batches
            .SelectMany((batch, at) => batch.Visits.Select((visit, index) => (Batch: at, Index: index, Visit: visit)))
            .OrderBy(static place => place.Visit.StartUnixNano)
            .ToList();
        var added = new Dictionary<(int Batch, int Index), List<SweepSend>>();
        sends.RemoveAll(send =>
        {
            if (send.IsAlone)
            {
                return false;
            }

            var fit = places.FindLast(place =>
                place.Visit.StartUnixNano <= send.UnixNano + ClockNs
                && place.Visit.EndUnixNano + MarkGroups.LongestSendingNs >= send.UnixNano
                && place.Visit.Prefix.Overlaps(send.Prefix)
            );
            if (fit.Visit is null)
            {
                return false;
            }

            var key = (fit.Batch, fit.Index);
            (added.TryGetValue(key, out var list) ? list : added[key] = []).Add(send);
            return true;
        });
        foreach (var ofBatch in added.GroupBy(static item => item.Key.Batch))
        {
            var visits = batches[ofBatch.Key].Visits.ToBuilder();
            foreach (var (key, list) in ofBatch)
            {
                visits[key.Index] = visits[key.Index] with { Sends = [.. list] };
            }

            batches[ofBatch.Key] = batches[ofBatch.Key] with { Visits = visits.ToImmutable() };
        }
    }

    /// <summary>A batch without spans: its regions are those that lines name, or the whole prefix.</summary>
    private static SweepBatch OfLog(LoggedBatch line, List<SweepSend> sends)
    {
        var own = sends
            .Where(send =>
                line.Prefix.Overlaps(send.Prefix)
                && send.UnixNano + ClockNs >= line.StartUnixNano
                && (line.EndUnixNano is not { } end || send.UnixNano <= end + ClockNs)
            )
            .ToList();
        own.ForEach(send => sends.Remove(send));
        var visits = own.ConvertAll(static send => new SweepVisit
        {
            Prefix = send.Prefix,
            Keys = send.Keys,
            StartUnixNano = send.UnixNano,
            EndUnixNano = send.UnixNano,
            Sends = [send],
            IsAlone = send.IsAlone,
        });
        if (visits.Count == 0 && line is { Failure: null, EndUnixNano: { } ended, Keys: { } keys })
        {
            visits.Add(
                new SweepVisit
                {
                    Prefix = line.Prefix,
                    Keys = keys,
                    StartUnixNano = ended,
                    EndUnixNano = ended,
                    IsAlone = keys <= MostAlone,
                }
            );
        }

        return new SweepBatch
        {
            Prefix = line.Prefix,
            StartUnixNano = line.StartUnixNano,
            EndUnixNano = line.EndUnixNano,
            Visits = [.. visits.OrderBy(static visit => visit.Prefix)],
            IsReprovide = line.IsReprovide,
            LoggedKeys = line.Keys,
            LoggedNs = line.DurationNs,
            Failure = line.Failure,
        };
    }

    private static ulong Distance(ulong left, ulong right) => left > right ? left - right : right - left;
}
