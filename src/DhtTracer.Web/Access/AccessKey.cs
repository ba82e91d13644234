namespace DhtTracer.Web.Access;

/// <summary>What a key allows.</summary>
public enum KeyKind
{
    /// <summary>Send spans to the receivers. Reads nothing.</summary>
    Ingest,

    /// <summary>Read pages, APIs and exports. Changes nothing.</summary>
    Reader,

    /// <summary>Everything that a reader may do; run queries, import files, pin traces.</summary>
    Operator,
}

/// <summary>A key as it is stored: without its secret, only with the secret's hash.</summary>
public sealed record AccessKey
{
    /// <summary>Public part of the secret, by which it is found.</summary>
    /// <value>8 hexadecimal digits.</value>
    public required string Id { get; init; }

    /// <summary>Name given by the operator; unique in a file.</summary>
    public required string Name { get; init; }

    /// <summary>What it allows.</summary>
    public required KeyKind Kind { get; init; }

    /// <summary>SHA-256 of the secret.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When the secret was last replaced; null if it is the first one.</summary>
    public DateTimeOffset? Rotated { get; init; }

    /// <summary>When it stops to be valid; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>When a request last used it, to the minute; null for never.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    /// <summary>Hash of the secret before the last rotation; null if that one is not valid any more.</summary>
    public byte[]? OldHash { get; init; }

    /// <summary>Until when the old secret is valid.</summary>
    public DateTimeOffset? OldUntil { get; init; }

    /// <summary>Whether it is valid at a time.</summary>
    public bool IsValidAt(DateTimeOffset now) => Expires is not { } expires || now < expires;
}
