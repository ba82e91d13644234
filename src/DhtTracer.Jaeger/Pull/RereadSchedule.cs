namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// Says when time that was read once is read again, because spans reach a Jaeger late. Every moment is read again at fixed ages: twice the
/// poll interval and doubling, then 10, 20, 40 minutes and doubling, and for the last time at <see cref="PullOptions.Late"/>. Most late
/// spans are seconds late, so early readings are close together and later ones far apart. For each age the schedule keeps one time:
/// everything that started before was read at that age or older. The last of these times is "re-read until".
/// </summary>
internal sealed class RereadSchedule
{
    private static readonly TimeSpan FirstMinutes = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan WidestGrain = TimeSpan.FromMinutes(30);

    private readonly long[] _ages;
    private readonly long[] _until;

    /// <summary>Makes a schedule in which nothing was read.</summary>
    /// <param name="poll">Pause between two looks for new traces.</param>
    /// <param name="late">Age of the last reading.</param>
    /// <param name="from">The time at which reading begins, in nanoseconds since 1970-01-01 UTC.</param>
    public RereadSchedule(TimeSpan poll, TimeSpan late, long from)
    {
        // An age close below the last one would be read twice in a row.
        var ages = Doubling(poll * 2)
            .TakeWhile(age => age < FirstMinutes * 3 / 4)
            .Concat(Doubling(FirstMinutes))
            .TakeWhile(age => age < late * 3 / 4);
        _ages = [.. ages.Append(late).Select(TimeWindow.Nanoseconds)];
        _until = new long[_ages.Length];
        Array.Fill(_until, from);
    }

    /// <summary>Everything that started before was read when it was older than the last age.</summary>
    public long RereadUntil => _until[^1];

    /// <summary>
    /// Starts again after a restart. Only the last time is kept in a checkpoint; the others are at most one grain behind.
    /// </summary>
    /// <param name="rereadUntil">The last time.</param>
    /// <param name="stopped">When the checkpoint was written, in nanoseconds since 1970-01-01 UTC.</param>
    public void Resume(long rereadUntil, long stopped)
    {
        for (var i = 0; i < _ages.Length; i++)
        {
            _until[i] = i == _ages.Length - 1 ? rereadUntil : Math.Max(rereadUntil, stopped - _ages[i] - Grain(i));
        }
    }

    /// <summary>A stretch was read to its end.</summary>
    /// <param name="stretch">The stretch.</param>
    /// <param name="began">When the reading began, in nanoseconds since 1970-01-01 UTC.</param>
    public void Read(TimeWindow stretch, long began)
    {
        for (var i = 0; i < _ages.Length; i++)
        {
            if (stretch.From <= _until[i])
            {
                _until[i] = Math.Max(_until[i], Math.Min(stretch.To + 1, began - _ages[i]));
            }
        }
    }

    /// <summary>A stretch before everything else was read for the first time: late spans of it are looked for as of any other.</summary>
    /// <param name="stretch">The stretch.</param>
    /// <param name="began">When the reading began, in nanoseconds since 1970-01-01 UTC.</param>
    public void ReadOlder(TimeWindow stretch, long began)
    {
        for (var i = 0; i < _ages.Length; i++)
        {
            _until[i] = Math.Min(_until[i], Math.Max(stretch.From, began - _ages[i]));
        }
    }

    /// <summary>The stretches to read again now, the oldest first. The caller reports each with <see cref="Read"/>.</summary>
    /// <param name="now">The time, in nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="readUntil">Everything that started before was read at least once.</param>
    public IEnumerable<TimeWindow> Due(long now, long readUntil)
    {
        for (var i = _ages.Length - 1; i >= 0; i--)
        {
            var end = Math.Min(readUntil, now - _ages[i]);
            if (end - _until[i] >= Grain(i))
            {
                yield return new TimeWindow(_until[i], end - 1);
            }
        }
    }

    /// <summary>A stretch is read when it is this wide: an eighth of its age, so that a reading covers many polls.</summary>
    private long Grain(int line) => Math.Clamp(_ages[line] / 8, 1, TimeWindow.Nanoseconds(WidestGrain));

    private static IEnumerable<TimeSpan> Doubling(TimeSpan first)
    {
        for (var age = first; ; age *= 2)
        {
            yield return age;
        }
    }
}
