namespace DhtTracer.Storage.Packed;

/// <summary>Gives strings that repeat numbers of a table, and adds those that it does not have yet.</summary>
internal interface IStringNumbers
{
    /// <summary>The number of a peer id.</summary>
    long OfPeer(string peer);

    /// <summary>The number of any other text.</summary>
    long OfText(string text);
}
