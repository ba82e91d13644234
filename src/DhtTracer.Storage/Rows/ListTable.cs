namespace DhtTracer.Storage.Rows;

/// <summary>What a list contains. Both tables have the columns that filters and orders use.</summary>
internal enum ListTable
{
    /// <summary>Operations, which pages list and statistics count.</summary>
    Operations = 0,

    /// <summary>Single queries.</summary>
    Queries = 1,
}

/// <summary>A row of a list, as Dapper fills it.</summary>
internal interface IListRow
{
    /// <summary>The table; its alias in SQL is <c>q</c>.</summary>
    static abstract ListTable Table { get; }

    /// <summary>The selected columns.</summary>
    static abstract string Columns { get; }

    /// <summary>Its number in the table.</summary>
    long No { get; }

    string? KeyText { get; }

    /// <summary>The value that this part of the list is sorted by.</summary>
    long SortValue { get; }

    /// <summary>The part of the list, see <see cref="Queries.QueryCursor"/>.</summary>
    int Part { get; }
}
