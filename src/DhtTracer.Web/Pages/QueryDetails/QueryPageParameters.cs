namespace DhtTracer.Web.Pages.QueryDetails;

/// <summary>The parameters of a query's page as they stand in its address.</summary>
internal sealed record QueryPageParameters
{
    /// <summary>Which part.</summary>
    public string? Tab { get; init; }

    /// <summary>What rows are sorted by.</summary>
    public string? Sort { get; init; }

    /// <summary><c>asc</c> or <c>desc</c>.</summary>
    public string? Dir { get; init; }

    /// <summary>Which rows.</summary>
    public string? Show { get; init; }

    /// <summary><c>1</c> when the rows are folded away.</summary>
    public string? Folded { get; init; }

    /// <summary>Only peers whose id, agent, address or error contains this text.</summary>
    public string? Find { get; init; }

    /// <summary>The peer whose details are shown: <c>p12</c>.</summary>
    public string? Row { get; init; }

    /// <summary>A peer id whose row is asked for: leads to the address with its <see cref="Row"/>.</summary>
    public string? Peer { get; init; }

    /// <summary>The stretch of time that is drawn: <c>1.2s-3.4s</c>.</summary>
    public string? T { get; init; }

    /// <summary>Which page of the spans, from 1.</summary>
    public int? Page { get; init; }

    /// <summary>What-if: requests in flight at most.</summary>
    public string? Alpha { get; init; }

    /// <summary>What-if: closest peers that must have answered.</summary>
    public string? Beta { get; init; }

    /// <summary>What-if: width of the result.</summary>
    public string? K { get; init; }

    /// <summary>What-if: a dial fails after this time.</summary>
    public string? Dial { get; init; }

    /// <summary>What-if: a request fails after this time.</summary>
    public string? Request { get; init; }
}
