namespace DhtTracer.Web.Alarms;

/// <summary>Where alarms are sent. Nothing is ever sent to another address.</summary>
/// <param name="Webhooks">The receivers; none by default.</param>
/// <param name="Secret">Signs what is sent; at least 16 bytes when there are receivers.</param>
public sealed record AlarmOptions(IReadOnlyList<Uri> Webhooks, ReadOnlyMemory<byte> Secret)
{
    /// <summary>Sends nothing.</summary>
    public static AlarmOptions None { get; } = new([], default);

    /// <summary>Least length of the secret, in bytes.</summary>
    public const int ShortestSecret = 16;
}
