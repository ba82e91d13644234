namespace DhtTracer.Storage.Sqlite.Queries;

/// <summary>What a list contains. Both tables have the columns that filters and orders use.</summary>
internal enum ListTable
{
    /// <summary>Operations, which pages list and statistics count. Each order has an index.</summary>
    Operations = 0,

    /// <summary>Single queries. Only start and key have an index; other orders are sorted on request.</summary>
    Queries = 1,
}

/// <summary>A row of a list, as Dapper fills it.</summary>
internal interface IListRow
{
    /// <summary>The table; its alias in SQL is <c>q</c>.</summary>
    static abstract ListTable Table { get; }

    /// <summary>The selected columns.</summary>
    static abstract string Columns { get; }

    /// <summary>The tables to join for these columns.</summary>
    static abstract string Joins { get; }

    /// <summary>Its number in the table.</summary>
    long No { get; }

    string? KeyText { get; }

    /// <summary>The value that this part of the list is sorted by.</summary>
    long SortValue { get; }

    /// <summary>The part of the list, see <see cref="QueryOrder"/>.</summary>
    int Part { get; }
}
