using DhtTracer.Storage.Queries;

namespace DhtTracer.Web.Pages.Queries;

/// <summary>A column of the list of queries.</summary>
/// <param name="Class">Classes of its cells.</param>
/// <param name="Title">Its head.</param>
/// <param name="First">The order that its head leads to.</param>
/// <param name="Second">The order that its head leads to from the first one.</param>
/// <param name="Explanation">What it shows; null where the title says it.</param>
internal sealed record QueryColumn(string Class, string Title, QuerySort First, QuerySort Second, string? Explanation = null)
{
    /// <summary>The order from the least, or the first of a list, on.</summary>
    public QuerySort Ascending => First is QuerySort.Type or QuerySort.Key or QuerySort.Outcome or QuerySort.Source ? First : Second;

    /// <summary>The order from the greatest, or the last of a list, on.</summary>
    public QuerySort Descending => Ascending == First ? Second : First;
}
