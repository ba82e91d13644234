namespace DhtTracer.Storage.Sqlite;

/// <summary>What a list is of. Both tables have the columns that filters and orders name.</summary>
internal enum ListTable
{
    /// <summary>Operations: what pages list and statistics count. Each order has an index.</summary>
    Operations = 0,

    /// <summary>Queries, one by one. Only start and key have an index; other orders are sorted when they are asked for.</summary>
    Queries = 1,
}

/// <summary>A row of a list, as Dapper fills it.</summary>
internal interface IListRow
{
    /// <summary>The table, <c>q</c> in SQL.</summary>
    static abstract ListTable Table { get; }

    /// <summary>What is selected.</summary>
    static abstract string Columns { get; }

    /// <summary>The tables joined for it.</summary>
    static abstract string Joins { get; }

    /// <summary>Its number in the table.</summary>
    long No { get; }

    /// <summary>The text of its key.</summary>
    string? KeyText { get; }

    /// <summary>The value that the part of the list is sorted by.</summary>
    long SortValue { get; }

    /// <summary>The part of the list, see <see cref="QueryOrder"/>.</summary>
    int Part { get; }
}
