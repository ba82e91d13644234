using System.Collections.Immutable;
using System.Globalization;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Records;

/// <summary>Puts the life of a record together. A rule is a method here.</summary>
public static class RecordLives
{
    /// <summary>Fewer holders are an alarm.</summary>
    public const int EnoughHolders = 3;

    /// <summary>
    /// A rise by fewer holders is no sign of a re-provide: churn moves the number of holders that lookups see by up to two or three.
    /// </summary>
    private const int LeastRise = 4;

    /// <summary>The life of one record.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="sightings">What operations show of it, in any order.</param>
    /// <param name="corrections">Records that looking nodes sent, in any order.</param>
    /// <param name="times">The times of the network.</param>
    /// <param name="asOfUnixNano">The time that ages are counted to, in nanoseconds since 1970-01-01 UTC.</param>
    public static RecordLife Of(
        QueryKey key,
        IEnumerable<RecordSighting> sightings,
        IEnumerable<RecordCorrection> corrections,
        RecordTimes times,
        ulong asOfUnixNano
    )
    {
        List<RecordSighting> all =
        [
            .. sightings.OrderBy(static sighting => sighting.StartUnixNano).ThenBy(static sighting => sighting.Operation.SpanId),
        ];
        List<RecordCorrection> sent = [.. corrections.OrderBy(static correction => correction.StartUnixNano)];
        var life = new RecordLife
        {
            Key = key,
            Kind = KindOf(key, all),
            AsOfUnixNano = asOfUnixNano,
            Publications = [.. all.Where(static sighting => sighting.IsPublication)],
            Lookups = Lookups([.. all.Where(static sighting => !sighting.IsPublication)], sent),
        };
        life = life with
        {
            Value = life.Lookups.LastOrDefault(static lookup => !lookup.Sighting.Values.IsEmpty)?.Sighting.Values[0].Ipns,
            Changes = Changes(life),
        };
        life = life with { RunsOut = RunsOut(life, times) };
        return life with { Alarms = [.. Alarms(life, times).OrderBy(static alarm => alarm.Kind)] };
    }

    /// <summary>What a key is for.</summary>
    public static RecordKind KindOf(QueryKey key, IEnumerable<RecordSighting> sightings) =>
        key.Text.StartsWith("/ipns/", StringComparison.Ordinal) ? RecordKind.Ipns
        : key.Text.StartsWith("/pk/", StringComparison.Ordinal) ? RecordKind.PublicKey
        : sightings.Any(static sighting => sighting.Type is QueryType.GetProviders or QueryType.AddProvider) ? RecordKind.Provider
        : RecordKind.Value;

    private static ImmutableArray<RecordLookup> Lookups(List<RecordSighting> sightings, List<RecordCorrection> corrections)
    {
        var held = new HashSet<string>(StringComparer.Ordinal);
        var given = new HashSet<string>(StringComparer.Ordinal);
        var lookups = ImmutableArray.CreateBuilder<RecordLookup>(sightings.Count);
        var next = 0;
        for (var i = 0; i < sightings.Count; i++)
        {
            var sighting = sightings[i];
            for (; next < corrections.Count && corrections[next].StartUnixNano < sighting.StartUnixNano; next++)
            {
                // Only who never held it before has it from the looker.
                if (corrections[next].Outcome == RequestOutcome.Answered && !held.Contains(corrections[next].Peer))
                {
                    given.Add(corrections[next].Peer);
                }
            }

            var until = i + 1 < sightings.Count ? sightings[i + 1].StartUnixNano : ulong.MaxValue;
            var ends = sighting.Values.Select(static value => value.Ipns.EndOfLifeUnixNano).ToList();
            lookups.Add(
                new RecordLookup(
                    sighting,
                    sighting is { Complete: true, Answered: not null } ? sighting.Holders.Count(given.Contains) : null,
                    corrections.Skip(next).TakeWhile(correction => correction.StartUnixNano < until).Count(),
                    ends.Exists(static end => end is not null)
                        ? ends.TrueForAll(end => end is { } known && known < sighting.StartUnixNano)
                        : null
                )
            );
            held.UnionWith(sighting.Holders.Where(holder => !given.Contains(holder)));
        }

        return lookups.ToImmutable();
    }

    private static ImmutableArray<RecordChange> Changes(RecordLife life)
    {
        var changes = ImmutableArray.CreateBuilder<RecordChange>();
        RecordLookup? before = null;
        (IpnsValue Value, ulong Seen)? best = null;
        foreach (var lookup in life.Lookups)
        {
            if (lookup.Sighting.Values is [var first, ..])
            {
                if (best is { } known)
                {
                    Compare(changes, known, first.Ipns, lookup.Sighting.StartUnixNano);
                }

                // Peers may still hold an older record; the best that was ever seen is what a newer one is measured by.
                best =
                    best is { } held && IsBetter(held.Value, first.Ipns)
                        ? (held.Value, lookup.Sighting.StartUnixNano)
                        : (first.Ipns, lookup.Sighting.StartUnixNano);
            }

            if (!lookup.Counts)
            {
                continue;
            }

            if (before is not null)
            {
                var (was, now) = (before.Sighting.Holders.Length, lookup.Sighting.Holders.Length);
                var (from, to) = (before.Sighting.StartUnixNano, lookup.Sighting.StartUnixNano);
                if (life.Kind == RecordKind.Provider && now >= was + LeastRise)
                {
                    changes.Add(new RecordChange(RecordChangeKind.ProvidedAgain, from, to));
                }
                else if (was > 0 && now == 0)
                {
                    changes.Add(new RecordChange(RecordChangeKind.Gone, from, to));
                }
            }

            before = lookup;
        }

        return changes.ToImmutable();
    }

    private static void Compare(
        ImmutableArray<RecordChange>.Builder changes,
        (IpnsValue Value, ulong Seen) before,
        IpnsValue now,
        ulong seen
    )
    {
        if (now.Sequence > before.Value.Sequence)
        {
            changes.Add(new RecordChange(RecordChangeKind.NewValue, before.Seen, seen));
        }
        else if (
            now.Sequence == before.Value.Sequence
            && now.EndOfLifeUnixNano is { } later
            && before.Value.EndOfLifeUnixNano is { } earlier
            && later > earlier
        )
        {
            changes.Add(new RecordChange(RecordChangeKind.Republished, before.Seen, seen, (long)Math.Min(later - earlier, long.MaxValue)));
        }
    }

    private static bool IsBetter(IpnsValue one, IpnsValue other) =>
        one.Sequence != other.Sequence ? one.Sequence > other.Sequence : (one.EndOfLifeUnixNano ?? 0) >= (other.EndOfLifeUnixNano ?? 0);

    private static RecordEnd? RunsOut(RecordLife life, RecordTimes times)
    {
        if (life.Value?.EndOfLifeUnixNano is { } end)
        {
            return new RecordEnd(end, RecordCertainty.Seen);
        }

        return life.Publications.LastOrDefault(static published => !published.SentTo.IsEmpty) is { } last
            ? new RecordEnd(last.StartUnixNano + (ulong)LifeNs(life.Kind, times), RecordCertainty.Computed)
            : null;
    }

    private static long LifeNs(RecordKind kind, RecordTimes times) =>
        kind == RecordKind.Provider ? times.ProviderExpiryNs : times.ValueLifeNs;

    private static IEnumerable<RecordAlarm> Alarms(RecordLife life, RecordTimes times)
    {
        var last = life.LastCounted;
        if (last is not null)
        {
            var (holders, start) = (last.Sighting.Holders.Length, last.Sighting.StartUnixNano);
            var wasHeld = life.Lookups.Any(static lookup => !lookup.Sighting.Holders.IsEmpty);
            var wasSent = life.Publications.Any(published => !published.SentTo.IsEmpty && published.StartUnixNano < start);
            if (holders == 0 && (wasHeld || wasSent))
            {
                yield return new RecordAlarm(
                    RecordAlarmKind.Gone,
                    RecordCertainty.Seen,
                    start,
                    $"None of {Count(last.Sighting.Answered!.Value, "peer")} that answered the latest lookup holds it, and it was "
                        + (wasHeld ? "held before." : "published before.")
                );
            }
            else if (holders is > 0 and < EnoughHolders && last.Sighting.Answered >= EnoughHolders)
            {
                yield return new RecordAlarm(
                    RecordAlarmKind.FewHolders,
                    RecordCertainty.Seen,
                    start,
                    $"{Count(holders, "peer")} of {last.Sighting.Answered} that answered the latest lookup held it."
                );
            }

            if (holders > 0 && last.HoldersByLooker == holders)
            {
                yield return new RecordAlarm(
                    RecordAlarmKind.KeptByLookers,
                    RecordCertainty.Computed,
                    start,
                    $"All {Count(holders, "holder")} of the latest lookup have it from a node that looked it up, none from its publisher."
                );
            }
        }

        if (life.Lookups.LastOrDefault(static lookup => lookup.Expired is not null) is { Expired: true } expired)
        {
            yield return new RecordAlarm(
                RecordAlarmKind.ExpiredButServed,
                RecordCertainty.Computed,
                expired.Sighting.StartUnixNano,
                $"{Count(expired.Sighting.Holders.Length, "peer")} gave a record to the latest lookup, and every one had ended. "
                    + "Callers get \"not found\"."
            );
        }

        foreach (var alarm in OfPublications(life, times))
        {
            yield return alarm;
        }
    }

    private static IEnumerable<RecordAlarm> OfPublications(RecordLife life, RecordTimes times)
    {
        List<RecordSighting> sent = [.. life.Publications.Where(static published => !published.SentTo.IsEmpty)];
        var lifeNs = (ulong)LifeNs(life.Kind, times);
        for (var i = 1; i < sent.Count; i++)
        {
            var runsOut = sent[i - 1].StartUnixNano + lifeNs;
            if (sent[i].StartUnixNano > runsOut && life.Kind == RecordKind.Provider)
            {
                yield return new RecordAlarm(
                    RecordAlarmKind.Gap,
                    RecordCertainty.Computed,
                    runsOut,
                    $"It ran out {Ago(sent[i].StartUnixNano - runsOut)} before it was published again."
                );
            }
        }

        if (sent is not [var only] || WasPublishedAgain(life, only))
        {
            yield break;
        }

        // An IPNS record says itself until when it must be published again.
        var due =
            life.Kind == RecordKind.Provider
                ? only.StartUnixNano + (ulong)times.ReprovideNs
                : life.Value?.EndOfLifeUnixNano ?? (only.StartUnixNano + lifeNs);
        if (life.AsOfUnixNano > due)
        {
            yield return new RecordAlarm(
                RecordAlarmKind.PublishedOnce,
                RecordCertainty.Computed,
                due,
                $"It was published once, {Ago(life.AsOfUnixNano - only.StartUnixNano)} ago, and never again in this archive."
            );
        }
    }

    /// <summary>
    /// Whether lookups show a later publication, or spans could not: Kubo's provide sweep announces without an operation.
    /// </summary>
    private static bool WasPublishedAgain(RecordLife life, RecordSighting only) =>
        life.Changes.Any(change =>
            change.Kind is RecordChangeKind.ProvidedAgain or RecordChangeKind.Republished or RecordChangeKind.NewValue
            && change.ToUnixNano > only.StartUnixNano
        )
        || (
            life.Kind == RecordKind.Provider
            && only.Service == "Kubo"
            && !(life.LastCounted is { Sighting.Holders.IsEmpty: true } last && last.Sighting.StartUnixNano > only.StartUnixNano)
        );

    private static string Ago(ulong nanoseconds) => DurationText.Of((long)Math.Min(nanoseconds, long.MaxValue));

    private static string Count(int count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");
}
