using System.Collections.Immutable;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Records;

namespace DhtTracer.Storage.Records;

/// <summary>Reads lives of records from an archive, the same for pages, API, command line and assistants.</summary>
public static class RecordReading
{
    /// <summary>Operations of one key that its life rests on at most: the latest.</summary>
    public const int MostOfKey = 1000;

    /// <summary>The same where many keys are read at once.</summary>
    private const int MostOfListed = 25;

    /// <summary>The life of a record; null when the archive holds no operation of it.</summary>
    /// <param name="store">The archive.</param>
    /// <param name="text">The key in any form, see <see cref="KeySearch"/>.</param>
    /// <param name="times">The times of the network.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<RecordLife?> ReadAsync(
        TraceStore store,
        string text,
        RecordTimes times,
        CancellationToken cancellationToken = default
    )
    {
        // The text of a user can be read as several keys, most likely first.
        var candidates = KeySearch.Parse(text).Candidates;
        var found = await store.ListSightingsAsync([.. candidates.Select(Bytes)], MostOfKey, cancellationToken);
        if (found.FirstOrDefault(static record => !record.Sightings.IsEmpty) is { } record)
        {
            var newest = await store.ListRecordKeysAsync(times.ReprovideNs, 1, cancellationToken);
            return Life(record, times, newest.LatestUnixNano ?? record.Sightings[0].StartUnixNano);
        }

        return null;
    }

    /// <summary>
    /// The records that were touched or published last, and those published so long ago that they are due again. The one touched last comes
    /// first.
    /// </summary>
    /// <param name="store">The archive.</param>
    /// <param name="times">The times of the network.</param>
    /// <param name="limit">Operations of each of the three kinds that are looked at, so the number of records is at most three times
    /// this.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<ImmutableArray<RecordLife>> ListAsync(
        TraceStore store,
        RecordTimes times,
        int limit,
        CancellationToken cancellationToken = default
    )
    {
        var candidates = await store.ListRecordKeysAsync(times.ReprovideNs, limit, cancellationToken);
        var found = await store.ListSightingsAsync(
            [.. candidates.Keys.Select(static key => (ReadOnlyMemory<byte>)Convert.FromHexString(key.Bytes))],
            MostOfListed,
            cancellationToken
        );
        return
        [
            .. found
                .Where(static record => !record.Sightings.IsEmpty)
                .Select(record => Life(record, times, candidates.LatestUnixNano ?? 0)),
        ];
    }

    private static ReadOnlyMemory<byte> Bytes(KeyReading reading) => Convert.FromHexString(reading.Bytes);

    private static RecordLife Life(RecordSightings found, RecordTimes times, ulong asOf) =>
        RecordLives.Of(found.Sightings[0].Key, found.Sightings, found.Corrections, times, asOf) with
        {
            HasOlder = found.HasOlder,
        };
}
