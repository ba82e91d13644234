using System.Collections.Immutable;
using DhtTracer.Analysis.Records;
using DhtTracer.Web.Pages.Records;
using DhtTracer.Web.Text;

namespace DhtTracer.Web.Assistants;

/// <summary>The life of a record for an assistant.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Link">Its page.</param>
/// <param name="Holds">What it holds, such as <c>IPNS record</c>.</param>
/// <param name="Value">The IPNS value that lookups gave last; null without one.</param>
/// <param name="RunsOut">When it runs out, in UTC; null when unknown.</param>
/// <param name="RunsOutIs"><c>seen</c> or <c>computed</c>; null when unknown.</param>
/// <param name="Alarms">What somebody should look at, each with how sure it is.</param>
/// <param name="Publications">Publications in the archive.</param>
/// <param name="Lookups">Lookups in the archive.</param>
/// <param name="Events">The latest publications and lookups, and what is computed between lookups, by time.</param>
internal sealed record RecordStory(
    string Key,
    string Link,
    string Holds,
    string? Value,
    DateTime? RunsOut,
    string? RunsOutIs,
    ImmutableArray<string> Alarms,
    int Publications,
    int Lookups,
    ImmutableArray<RecordEvent> Events
)
{
    /// <summary>Tells a life.</summary>
    /// <param name="life">The life.</param>
    /// <param name="most">Most events.</param>
    /// <param name="site">Scheme and host of the site.</param>
    public static RecordStory Of(RecordLife life, int most, string site)
    {
        var published = life.Publications.Select(static item =>
            (
                item.StartUnixNano,
                new RecordEvent(TimeText.Point(item.StartUnixNano), "seen", $"published, sent to {item.SentTo.Length} peers")
            )
        );
        var looked = life.Lookups.Select(static item =>
            (
                item.Sighting.StartUnixNano,
                new RecordEvent(
                    TimeText.Point(item.Sighting.StartUnixNano),
                    "seen",
                    $"looked up, holders {RecordText.Holders(item)}"
                        + (item.HoldersByLooker > 0 ? $", {item.HoldersByLooker} of them only from a looker" : "")
                        + (item.Expired == true ? ", every value expired" : "")
                )
            )
        );
        var changed = life.Changes.Select(static item =>
            (item.ToUnixNano - 1, new RecordEvent(TimeText.Point(item.ToUnixNano), "computed", "before this: " + RecordText.Of(item)))
        );
        return new RecordStory(
            life.Key.Text,
            site + RecordModel.Address(life.Key.Text),
            RecordText.Of(life.Kind),
            life.Value?.Value,
            life.RunsOut is { } end ? TimeText.Point(end.UnixNano) : null,
            life.RunsOut is { } known ? Words.Of(known.Certainty) : null,
            [.. life.Alarms.Select(static alarm => $"{RecordText.Of(alarm.Kind)}: {alarm.Text} ({Words.Of(alarm.Certainty)})")],
            life.Publications.Length,
            life.Lookups.Length,
            [
                .. published
                    .Concat(looked)
                    .Concat(changed)
                    .OrderBy(static item => item.Item1)
                    .TakeLast(most)
                    .Select(static item => item.Item2),
            ]
        );
    }
}

/// <summary>Something in the life of a record.</summary>
/// <param name="Time">When, in UTC.</param>
/// <param name="Is"><c>seen</c> or <c>computed</c>.</param>
/// <param name="What">What.</param>
internal sealed record RecordEvent(DateTime Time, string Is, string What);
