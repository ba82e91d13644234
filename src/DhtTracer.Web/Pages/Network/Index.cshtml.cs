using System.Globalization;
using DhtTracer.Analysis.Network;
using DhtTracer.Storage;
using DhtTracer.Storage.Network;
using DhtTracer.Web.Search;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace DhtTracer.Web.Pages.Network;

/// <summary>What the lookups of a stretch of time show of the network.</summary>
internal sealed class NetworkModel(TraceStore store, TimeProvider clock) : PageModel
{
    /// <summary>Rows of a table.</summary>
    public const int MostRows = 50;

    private static readonly string[] Fields = ["service"];

    /// <summary>Over which lookups.</summary>
    public PeerSearch Search { get; private set; } = null!;

    /// <summary>The figures; null when the address is not valid.</summary>
    public NetworkReport? Report { get; private set; }

    /// <summary>The tables of ProbeLab's reports; null when the address is not valid.</summary>
    public MeasuredTables? Tables { get; private set; }

    /// <summary>Services to choose from.</summary>
    public IReadOnlyList<string> Services { get; private set; } = [];

    /// <summary>How the stretch of time is chosen.</summary>
    public TimeRangeChooser Chooser => new("/network", Search.Range, Search.Address, Fields, []);

    /// <summary>Parameters of the same figures elsewhere.</summary>
    public string Parameters => Search.Range.Narrow(Search.Address).With(("sort", null)).Parameters();

    /// <summary>Reads the figures.</summary>
    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        Search = await PeerSearch.Parse(Request.Query, clock.GetUtcNow()).ResolveAsync(store, cancellationToken);
        Services = await store.ListServicesAsync(cancellationToken);
        if (Search.Problems.Count == 0)
        {
            Report = (await store.ReadNetworkAsync(Search.Filter, cancellationToken: cancellationToken)).ToReport();
            Tables = await MeasuredReading.ReadAsync(store, Report, Search.Filter, cancellationToken);
        }
    }

    /// <summary>A p-value in words.</summary>
    public static string PValue(double value) =>
        value < 1e-6 ? "< 0.000001" : value.ToString(value < 0.001 ? "0.######" : "0.###", CultureInfo.InvariantCulture);

    /// <summary>How many times denser, with as many digits as tell something.</summary>
    public static string Times(double value) => value.ToString(value < 10 ? "0.0" : "N0", CultureInfo.InvariantCulture) + "×";
}
