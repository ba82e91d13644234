namespace DhtTracer.Web.Text;

/// <summary>Shortens peer ids and keys, and keeps their tails, which differ.</summary>
internal static class IdText
{
    /// <summary>Length of the tail.</summary>
    public const int TailLength = 6;

    /// <summary>The tail of an id: <c>wkNXc7</c>.</summary>
    public static string Tail(string id) => id.Length <= TailLength ? id : id[^TailLength..];

    /// <summary>The head that is shown before the tail: <c>12D3KooW…</c>; empty when the id is short enough to stand whole.</summary>
    public static string Head(string id) =>
        id.Length switch
        {
            <= TailLength => "",
            <= TailLength + 8 => id[..^TailLength],
            _ => id[..8] + "…",
        };

    /// <summary><c>…wkNXc7</c>, or the id itself when it is short.</summary>
    public static string Short(string id) => id.Length <= TailLength ? id : "…" + Tail(id);

    /// <summary>At most <paramref name="length"/> characters, the middle left out.</summary>
    public static string Middle(string text, int length) =>
        text.Length <= length ? text : $"{text[..(length - TailLength - 1)]}…{Tail(text)}";
}
