using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace DhtTracer.Jaeger.Pull;

/// <summary>What a checkpoint says beside "re-read until", as text: <c>COVERED READ GAP-GAP GAP-GAP …</c> in nanoseconds.</summary>
/// <param name="CoveredFrom">How far back pulls have reached.</param>
/// <param name="ReadUntil">Everything that started before was read at least once.</param>
/// <param name="RereadUntil">Everything that started before was read again after spans could no longer come late.</param>
/// <param name="Gaps">Stretches that the Jaeger could not read.</param>
internal sealed record PullState(long CoveredFrom, long ReadUntil, long RereadUntil, IReadOnlyList<TimeWindow> Gaps)
{
    /// <summary>Gaps kept at most; a Jaeger with more is broken, and a checkpoint has room for a mebibyte.</summary>
    private const int MaxGaps = 10_000;

    /// <summary>Reads the text.</summary>
    /// <param name="text">A checkpoint's state; one of before there were two times holds the first number only.</param>
    /// <param name="rereadUntil">The checkpoint's own time.</param>
    /// <param name="state">What it says.</param>
    public static bool TryParse(string text, long rereadUntil, [NotNullWhen(true)] out PullState? state)
    {
        state = null;
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var read = rereadUntil;
        if (
            words.Length == 0
            || !long.TryParse(words[0], CultureInfo.InvariantCulture, out var covered)
            || (words.Length > 1 && !long.TryParse(words[1], CultureInfo.InvariantCulture, out read))
        )
        {
            return false;
        }

        var gaps = new List<TimeWindow>();
        foreach (var word in words.Skip(2))
        {
            var ends = word.Split('-');
            if (
                ends.Length != 2
                || !long.TryParse(ends[0], CultureInfo.InvariantCulture, out var from)
                || !long.TryParse(ends[1], CultureInfo.InvariantCulture, out var to)
            )
            {
                return false;
            }

            gaps.Add(new TimeWindow(from, to));
        }

        state = new PullState(covered, read, rereadUntil, gaps);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Join(
            ' ',
            [
                CoveredFrom.ToString(CultureInfo.InvariantCulture),
                ReadUntil.ToString(CultureInfo.InvariantCulture),
                .. Gaps.Take(MaxGaps).Select(gap => string.Create(CultureInfo.InvariantCulture, $"{gap.From}-{gap.To}")),
            ]
        );
}
