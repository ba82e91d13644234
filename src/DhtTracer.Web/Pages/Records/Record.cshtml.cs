using System.Collections.Immutable;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Records;
using DhtTracer.Storage;
using DhtTracer.Storage.Records;
using DhtTracer.Web.Charts;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Records;

/// <summary>The life of one record.</summary>
internal sealed class RecordModel(TraceStore store) : PageModel
{
    /// <summary>Rows of a table.</summary>
    public const int MostRows = 200;

    /// <summary>Marks on the curve; more would cover it.</summary>
    private const int MostMoments = 12;

    /// <summary>The key as it was asked for.</summary>
    public string Asked { get; private set; } = "";

    /// <summary>The life; null when the archive holds no operation of it.</summary>
    public RecordLife? Life { get; private set; }

    /// <summary>Holders over time; null with fewer than two lookups that count them.</summary>
    public StepChart? Curve { get; private set; }

    /// <summary>The page of a record.</summary>
    public static string Address(string key) => "/records/" + string.Join('/', key.TrimStart('/').Split('/').Select(Uri.EscapeDataString));

    /// <summary>Shows the life; 404 when nothing is known of the key.</summary>
    public async Task<IActionResult> OnGetAsync(string key, CancellationToken cancellationToken)
    {
        // The slash before "ipns" is the one of the address.
        Asked = key.StartsWith("ipns/", StringComparison.Ordinal) || key.StartsWith("pk/", StringComparison.Ordinal) ? "/" + key : key;
        if (Asked.Length > KeySearch.MaxLength)
        {
            return NotFound();
        }

        Life = await RecordReading.ReadAsync(store, Asked, RecordTimes.Amino, cancellationToken);
        if (Life is { } life)
        {
            if (life.Key.Text != Asked && Address(life.Key.Text) is var canonical && canonical != Address(Asked))
            {
                return Redirect(canonical);
            }

            Curve = CurveOf(life);
        }
        else
        {
            Response.StatusCode = 404;
        }

        return Page();
    }

    private static StepChart? CurveOf(RecordLife life)
    {
        List<RecordLookup> counted = [.. life.Lookups.Where(static lookup => lookup.Counts)];
        if (counted.Count < 2)
        {
            return null;
        }

        var start = Math.Min(counted[0].Sighting.StartUnixNano, life.Publications.FirstOrDefault()?.StartUnixNano ?? ulong.MaxValue);
        long After(ulong time) => (long)Math.Min(time - start, long.MaxValue / 4);
        var end = Math.Max(1, After(Math.Max(counted[^1].Sighting.StartUnixNano, life.Publications.LastOrDefault()?.StartUnixNano ?? 0)));
        var greatest = Math.Max(22, counted.Max(static lookup => lookup.Sighting.Holders.Length) + 2);
        var lines = ImmutableArray.CreateBuilder<StepLine>();
        lines.Add(
            new StepLine(
                "holders",
                "rec-holders",
                [.. counted.Select(lookup => (After(lookup.Sighting.StartUnixNano), (long)lookup.Sighting.Holders.Length))]
            )
        );
        if (counted.Exists(static lookup => lookup.HoldersByLooker > 0))
        {
            lines.Add(
                new StepLine(
                    "of them only by a looker",
                    "rec-looker",
                    [.. counted.Select(lookup => (After(lookup.Sighting.StartUnixNano), (long)lookup.HoldersByLooker!.Value))]
                )
            );
        }

        return new StepChart(
            "Holders found by each lookup",
            end,
            0,
            greatest,
            lines.ToImmutable(),
            [(20, "20"), (RecordLives.EnoughHolders, "3")],
            [
                .. life
                    .Publications.Where(published => published.StartUnixNano >= start)
                    .TakeLast(MostMoments)
                    .Select(published => (After(published.StartUnixNano), "published")),
            ]
        );
    }
}
